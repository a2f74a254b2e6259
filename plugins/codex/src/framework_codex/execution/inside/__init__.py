"""What runs inside the sandbox: the standard library alone, importable under any package name."""
