"""Who signs in to the demo, and with what: for the demo alone, and printed at its start."""

PASSWORD = "demo-press-centre"  # noqa: S105
SIGN_INS = (
    "admin@centre.example",
    "director@centre.example",
    "desk@centre.example",
    "finance@centre.example",
    "operator@centre.example",
    "head@unit-a.example",
    "member@unit-a.example",
    "member@unit-b.example",
)
