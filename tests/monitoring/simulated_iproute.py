"""Stands in for ip, bridge and tc where the machine or its kernel cannot do what a test needs.

Run as `simulated_iproute.py TOOL STATE REAL ARGUMENT…`. With REAL, `ip` is that program, but for
the word that the bridge keeps VLANs apart; VLANs are then all that is simulated.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

BRIDGE = "br-press"
MISSING = 'Device "{}" does not exist.'


def fresh() -> dict[str, Any]:
    return {
        "devices": {
            BRIDGE: {"index": 2, "kind": "bridge", "master": None, "up": True},
            "press3": {"index": 7, "kind": "veth", "master": BRIDGE, "up": False},
            "core0": {"index": 8, "kind": "veth", "master": BRIDGE, "up": True},
            "lone0": {"index": 9, "kind": "veth", "master": None, "up": False},
        },
        "vlans": {},
        "rates": {},
        "clsact": [],
        "filters": {},
    }


class Refused(Exception):  # noqa: N818  # it says what happened
    """What the tool prints before it exits with 2."""


class Tools:
    def __init__(self, state: dict[str, Any], real: list[str]) -> None:
        self.state, self.real = state, real

    def device(self, name: str) -> dict[str, Any]:
        if name not in self.state["devices"]:
            raise Refused(MISSING.format(name))
        return self.state["devices"][name]

    def ip(self, words: list[str]) -> str:
        if words[:4] == ["-json", "-details", "link", "show"]:
            return json.dumps([self.link(words[-1])])
        match words[1:]:
            case ["set", "dev", name, ("up" | "down") as how]:
                self.device(name)["up"] = how == "up"
            case ["add", name, "type", "ifb"]:
                if name in self.state["devices"]:
                    raise Refused("RTNETLINK answers: File exists")
                index = 20 + len(self.state["devices"])
                new = {"index": index, "kind": "ifb", "master": None, "up": False}
                self.state["devices"][name] = new
            case ["del", name]:
                self.device(name)
                del self.state["devices"][name]
                self.state["rates"].pop(name, None)
            case _:
                raise Refused("What?")
        return ""

    def link(self, name: str) -> dict[str, Any]:
        known = self.device(name)
        told: dict[str, Any] = {"ifindex": known["index"], "ifname": name}
        told["flags"] = ["BROADCAST", *(["UP"] if known["up"] else [])]
        told["linkinfo"] = {"info_kind": known["kind"]}
        if known["kind"] == "bridge":
            told["linkinfo"]["info_data"] = {"vlan_filtering": 1}
        if known["master"]:
            told |= {"master": known["master"]}
            told["linkinfo"]["info_slave_kind"] = "bridge"
        return told

    def bridge(self, words: list[str]) -> str:
        if words[:3] == ["-json", "vlan", "show"]:
            rows = self.state["vlans"].get(words[-1], {})
            listed = [{"vlan": int(number), "flags": flags} for number, flags in rows.items()]
            return json.dumps([{"ifname": words[-1], "vlans": listed}] if listed else [])
        _vlan, verb, _dev, name, _vid, number, *marks = words
        rows = self.state["vlans"].setdefault(name, {})
        if verb == "add":
            if "pvid" in marks:
                for flags in rows.values():
                    flags[:] = [flag for flag in flags if flag != "PVID"]
            names = {"pvid": "PVID", "untagged": "Egress Untagged"}
            rows[number] = [names[mark] for mark in marks]
        elif rows.pop(number, None) is None:
            raise Refused("RTNETLINK answers: No such file or directory")
        return ""

    def tc(self, words: list[str]) -> str:
        asked = [word for word in words if word != "-json"]
        name = asked[3]
        self.device(name)
        does = self.qdisc if asked[0] == "qdisc" else self.filter
        return does(name, [asked[1], *asked[4:]])

    def qdisc(self, name: str, words: list[str]) -> str:
        match words:
            case ["show"]:
                return json.dumps(self.qdiscs(name))
            case ["replace", "root", "handle", handle, "tbf", "rate", rate, *_]:
                self.state["rates"][name] = [handle, int(rate.removesuffix("mbit")) * 125_000]
            case ["del", "root", *_]:
                if self.state["rates"].pop(name, None) is None:
                    raise Refused("Error: Invalid handle.")
            case ["add", "clsact"]:
                if name in self.state["clsact"]:
                    raise Refused("Error: Exclusivity flag on, cannot modify.")
                self.state["clsact"].append(name)
            case ["del", "clsact"]:
                self.state["clsact"].remove(name)
                self.state["filters"].pop(name, None)
        return ""

    def filter(self, name: str, words: list[str]) -> str:
        match words:
            case ["show", "ingress"]:
                return self.state["filters"].get(name, "")
            case ["add", "ingress", "protocol", "all", "pref", preference, *_, inward]:
                self.device(inward)
                told = (
                    f"filter protocol all pref {preference} u32\n  redirect to device {inward})\n"
                )
                self.state["filters"][name] = told
            case ["del", "ingress", "pref", _]:
                if self.state["filters"].pop(name, None) is None:
                    raise Refused("Error: Filter not found.")
        return ""

    def qdiscs(self, name: str) -> list[dict[str, Any]]:
        handle, rate = self.state["rates"].get(name, ["0:", None])
        kind = "noqueue" if rate is None else "tbf"
        root = {"kind": kind, "handle": handle, "root": True, "options": {}}
        if rate is not None:
            root["options"] = {"rate": rate}
        more = [{"kind": "clsact", "handle": "ffff:"}] if name in self.state["clsact"] else []
        return [root, *more]


def main(tool: str, path: Path, real: list[str], words: list[str]) -> int:
    is_bridge_asked = words[-1:] == [BRIDGE]
    if real and tool == "ip" and not is_bridge_asked:
        os.execv("/usr/bin/env", ["env", *real, *words])
    state = json.loads(path.read_text()) if path.exists() else fresh()
    tools = Tools(state, real)
    run: Callable[[list[str]], str] = getattr(tools, tool)
    try:
        print(run(words))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    path.write_text(json.dumps(state))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(), sys.argv[4:]))
