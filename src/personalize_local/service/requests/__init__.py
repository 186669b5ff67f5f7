"""What the operations of the runtime API are made of: what a request names, its rules, its answer."""
