"""The object identifiers the probe asks for, under their names in the MIBs."""

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
SNMP_ENGINE_TIME = "1.3.6.1.6.3.10.2.1.3.0"

# IF-MIB (RFC 2863)
IF_NUMBER = "1.3.6.1.2.1.2.1.0"
IF_TABLE_LAST_CHANGE = "1.3.6.1.2.1.31.1.5.0"
IF_DESCR = "1.3.6.1.2.1.2.2.1.2"
IF_MTU = "1.3.6.1.2.1.2.2.1.4"
IF_SPEED = "1.3.6.1.2.1.2.2.1.5"
IF_PHYS_ADDRESS = "1.3.6.1.2.1.2.2.1.6"
IF_ADMIN_STATUS = "1.3.6.1.2.1.2.2.1.7"
IF_OPER_STATUS = "1.3.6.1.2.1.2.2.1.8"
IF_IN_OCTETS = "1.3.6.1.2.1.2.2.1.10"
IF_IN_ERRORS = "1.3.6.1.2.1.2.2.1.14"
IF_OUT_OCTETS = "1.3.6.1.2.1.2.2.1.16"
IF_OUT_ERRORS = "1.3.6.1.2.1.2.2.1.20"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
IF_HC_IN_OCTETS = "1.3.6.1.2.1.31.1.1.1.6"
IF_HC_OUT_OCTETS = "1.3.6.1.2.1.31.1.1.1.10"
IF_HIGH_SPEED = "1.3.6.1.2.1.31.1.1.1.15"
IF_ALIAS = "1.3.6.1.2.1.31.1.1.1.18"

# HOST-RESOURCES-MIB (RFC 2790)
HR_STORAGE_DESCR = "1.3.6.1.2.1.25.2.3.1.3"
HR_STORAGE_UNITS = "1.3.6.1.2.1.25.2.3.1.4"
HR_STORAGE_SIZE = "1.3.6.1.2.1.25.2.3.1.5"
HR_STORAGE_USED = "1.3.6.1.2.1.25.2.3.1.6"
HR_DEVICE_DESCR = "1.3.6.1.2.1.25.3.2.1.3"
HR_PROCESSOR_FIRMWARE = "1.3.6.1.2.1.25.3.3.1.1"
HR_PROCESSOR_LOAD = "1.3.6.1.2.1.25.3.3.1.2"

# ENTITY-MIB (RFC 6933) and ENTITY-SENSOR-MIB (RFC 3433)
ENT_PHYSICAL_DESCR = "1.3.6.1.2.1.47.1.1.1.1.2"
ENT_PHYSICAL_NAME = "1.3.6.1.2.1.47.1.1.1.1.7"
ENT_SENSOR_TYPE = "1.3.6.1.2.1.99.1.1.1.1"
ENT_SENSOR_SCALE = "1.3.6.1.2.1.99.1.1.1.2"
ENT_SENSOR_PRECISION = "1.3.6.1.2.1.99.1.1.1.3"
ENT_SENSOR_VALUE = "1.3.6.1.2.1.99.1.1.1.4"

# UPS-MIB (RFC 1628): object, name, kind, unit, power of ten.
UPS_SCALARS = (
    ("1.3.6.1.2.1.33.1.2.1.0", "battery status", "state", None, 0),
    ("1.3.6.1.2.1.33.1.2.2.0", "time on battery", "duration", "seconds", 0),
    ("1.3.6.1.2.1.33.1.2.3.0", "battery time remaining", "duration", "minutes", 0),
    ("1.3.6.1.2.1.33.1.2.4.0", "battery charge", "charge", "percent", 0),
    ("1.3.6.1.2.1.33.1.2.5.0", "battery voltage", "voltage", "volts", -1),
    ("1.3.6.1.2.1.33.1.2.7.0", "battery temperature", "temperature", "celsius", 0),
)
UPS_INPUT_VOLTAGE = "1.3.6.1.2.1.33.1.3.3.1.3"
UPS_OUTPUT_LOAD = "1.3.6.1.2.1.33.1.4.4.1.5"
