"""SNMP agents on loopback: one port a device, all in one event loop, answered by pysnmp."""

import socket
import time
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config as snmp_config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdrsp
from pysnmp.entity.rfc3413.context import SnmpContext
from pysnmp.smi.instrum import AbstractMibInstrumController

from portal.demo.devices import COMMUNITY, V3_AUTH, V3_PRIV, V3_USER, DemoDevice
from portal.demo.mib import Tree, object_id, octets
from portal.demo.waves import Silence

LOOPBACK = "127.0.0.1"
EVERYTHING = (1, 3, 6)


class _Instruments(AbstractMibInstrumController):
    """Lets pysnmp read a Tree. Writing is refused by the base class."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def read_variables(self, *asked: Any, **_: Any) -> list[tuple[Any, Any]]:
        """GET."""
        return [(name, self.tree.get(tuple(name))) for name, _ in asked]

    def read_next_variables(self, *asked: Any, **_: Any) -> list[tuple[Any, Any]]:
        """GETNEXT and GETBULK."""
        found = (self.tree.after(tuple(name)) for name, _ in asked)
        return [(object_id(oid), value) for oid, value in found]


class _Transport(udp.UdpTransport):
    """A UDP port that hears nothing while its device is silent."""

    def __init__(self, silence: Silence | None) -> None:
        super().__init__()
        self.silence = silence
        self.began = time.monotonic()

    def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:  # noqa: N803
        """Pass a request on, unless the device is silent now."""
        if self.silence and self.silence.covers(time.monotonic() - self.began):
            return
        super().datagram_received(datagram, transportAddress)


class Agent:
    """One device that answers SNMP on 127.0.0.1; must be made inside a running event loop.

    Raises OSError where the port is taken. `port` tells the number that port 0 became.
    """

    def __init__(self, device: DemoDevice, port: int = 0, silence: Silence | None = None) -> None:
        """Listen at once; v3 authPriv where the device is secure, else v2c with COMMUNITY."""
        self.device = device
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            listener.close()
            raise
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        self._engine: Any = self._new_engine()
        self._transport = _Transport(silence)
        snmp_config.add_transport(
            self._engine, udp.DOMAIN_NAME, self._transport.open_server_mode(sock=listener)
        )
        # pysnmp wakes ten times a second to time out requests; an agent sends none.
        self._engine.transport_dispatcher.set_timer_resolution(5.0)
        context: Any = SnmpContext(self._engine)
        context.unregister_context_name(b"")
        context.register_context_name(b"", _Instruments(device.tree(time.time())))
        for responder in (
            cmdrsp.GetCommandResponder,
            cmdrsp.NextCommandResponder,
            cmdrsp.BulkCommandResponder,
        ):
            responder(self._engine, context)

    def _new_engine(self) -> SnmpEngine:
        if not self.device.secure:
            engine = SnmpEngine()
            snmp_config.add_v1_system(engine, "reader", COMMUNITY)
            snmp_config.add_vacm_user(engine, 2, "reader", "noAuthNoPriv", EVERYTHING)
            return engine
        engine = SnmpEngine(octets(self.device.engine_id))
        snmp_config.add_v3_user(
            engine,
            V3_USER,
            snmp_config.USM_AUTH_HMAC192_SHA256,
            V3_AUTH,
            snmp_config.USM_PRIV_CFB128_AES,
            V3_PRIV,
        )
        snmp_config.add_vacm_user(engine, 3, V3_USER, "authPriv", EVERYTHING)
        return engine

    def close(self) -> None:
        """Stop listening."""
        self._engine.close_dispatcher()
        # The loop may not have taken the socket over yet; closing twice is harmless.
        self._listener.close()
