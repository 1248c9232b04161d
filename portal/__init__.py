"""The face of the service and its only assembler."""
