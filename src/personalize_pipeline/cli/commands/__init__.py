"""The commands by subject: each parses, calls one library function, prints. Slow imports come late."""
