"""Files of devices, CSV, XLSX or YAML: read, looked at as a whole, taken in, given out."""
