"""The simulated switch and host, spoken to by the libraries that the service uses."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import netmiko
import paramiko
import pytest

from portal.demo.running_config import RunningConfig
from portal.demo.ssh_server import SshServer
from portal.demo.ssh_switch import SshSwitch, sample_config


@pytest.fixture
def switch():
    with SshSwitch() as running:
        yield running


def session(switch: SshSwitch, **over):
    login = {
        "device_type": "cisco_ios",
        "host": "127.0.0.1",
        "port": switch.port,
        "username": switch.username,
        "password": switch.password,
        "secret": switch.password,
    }
    return netmiko.ConnectHandler(**(login | over))


def test_netmiko_reads_the_running_configuration_and_the_sample_breaks_two_rules(switch):
    with session(switch) as ios:
        text = ios.send_command("show running-config")
        assert "Version 15.2(7)E9" in ios.send_command("show version")
    assert " transport input telnet ssh" in text
    assert "snmp-server community public RO" in text
    assert text.rstrip().endswith("end")


def test_configured_lines_change_the_running_configuration_and_saving_keeps_them(switch):
    with session(switch) as ios:
        ios.send_config_set(
            ["line vty 0 4", "transport input ssh", "no snmp-server community public"]
        )
        assert "[OK]" in ios.save_config()
        assert "telnet" not in ios.send_command("show startup-config")
        block = ios.send_command("show running-config | section line vty 0")
    assert "telnet" not in switch.config
    assert "community public" not in switch.config
    assert block.split("\n")[-1].strip() == "transport input ssh"


def test_a_login_without_privilege_must_enable_with_the_password():
    plain = sample_config().replace("privilege 15 ", "")
    with SshSwitch(config=plain) as switch, session(switch) as ios:
        assert not ios.check_enable_mode()
        assert "Invalid input" in ios.send_command("show running-config")
        ios.enable()
        assert "hostname SW-PRESS-02" in ios.send_command("show running-config")


def test_several_sessions_work_side_by_side(switch):
    def read(_):
        with session(switch) as ios:
            return ios.send_command("show running-config | include hostname").strip()

    with ThreadPoolExecutor(4) as four:
        assert set(four.map(read, range(4))) == {"hostname SW-PRESS-02"}


def test_a_wrong_password_is_refused(switch):
    with pytest.raises(netmiko.NetmikoAuthenticationException):
        session(switch, password="wrong")


def test_a_port_scan_does_not_stop_the_switch(switch, capfd):
    for nonsense in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + bytes(300)):
        with socket.create_connection(("127.0.0.1", switch.port), timeout=2) as scan:
            scan.sendall(nonsense)
    with session(switch) as ios:
        assert ios.find_prompt() == "SW-PRESS-02#"
    assert "Traceback" not in capfd.readouterr().err


def test_a_kept_host_key_is_the_same_after_a_restart(tmp_path: Path):
    path = tmp_path / "keys" / "switch"
    with SshSwitch(host_key=path) as first:
        seen = first.public_key
    with SshSwitch(host_key=path) as second:
        assert second.public_key == seen
        with paramiko.Transport(("127.0.0.1", second.port)) as caller:
            caller.start_client(timeout=5)
            key = caller.get_remote_server_key()
    assert f"{key.get_name()} {key.get_base64()}" == seen
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_stopped_switch_frees_its_port_at_once():
    with SshSwitch() as first:
        port = first.port
    with SshSwitch(port) as second:
        assert second.port == port


def test_the_linux_host_answers_the_commands_it_was_given_and_refuses_others():
    with SshServer(answers={"uname -a": "Linux box 6.1\n"}) as host, paramiko.SSHClient() as caller:
        caller.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        caller.connect("127.0.0.1", host.port, host.username, host.password, look_for_keys=False)
        _, out, _ = caller.exec_command("uname -a")
        assert out.read() == b"Linux box 6.1\n"
        assert out.channel.recv_exit_status() == 0
        _, out, err = caller.exec_command("reboot")
        assert b"not found" in err.read()
        assert out.channel.recv_exit_status() == 127


@pytest.mark.parametrize(
    ("commands", "there", "gone", "reason"),
    [
        (["hostname B"], "hostname B", "hostname SW-PRESS-02", "one name only"),
        (["ntp server 10.0.0.9"], "10.0.0.11 key 1\nntp server 10.0.0.9", "x!", "lists grow"),
        (["no ntp server 10.0.0.11"], "ntp server 10.0.0.10", "10.0.0.11", "one of a list goes"),
        (["vstack"], "hostname", "no vstack", "a default that is on again is not written"),
        (["no ip http server"], "no ip http server", "\nip http server", "off is remembered"),
        (["no vlan 999"], "vlan 110", "PARKING", "a block goes with its lines"),
    ],
)
def test_a_line_edits_the_configuration_as_ios_does(commands, there, gone, reason):
    config = RunningConfig(sample_config().replace("10.20.0.1", "10.0.0.1"))
    for command in commands:
        config.edit(command)
    assert there in config.text, reason
    assert gone not in config.text, reason


def test_reading_and_writing_the_configuration_again_changes_nothing():
    once = RunningConfig(sample_config()).text
    assert RunningConfig(once).text == once
    assert "Every session is recorded.\n^C\n!" in once


def test_a_range_of_terminals_is_configured_in_every_block_inside_it():
    config = RunningConfig(sample_config())
    config.edit("transport input ssh", config.open("line vty 0 15"))
    assert "telnet" not in config.text
    assert config.text.count("transport input ssh") == 2
    assert "line vty 0 15" not in config.text
