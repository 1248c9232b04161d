"""The deployment: its playbook, what it writes on a host, and what it packs."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from config.settings import Settings, load, variable

HOME = Path(__file__).parent.parent
ANSIBLE = HOME / "ansible"
ROLE = ANSIBLE / "roles" / "media_center"
BIN = Path(sys.executable).parent
UNITS = ("media-center-web.service", "media-center-worker.service", "media-center-worker@.service")
RENDERED = (*UNITS, "settings.env", "media-center.sh", "nginx.conf")
SECRETS = re.findall(r"MEDIA_CENTER_\w+", (ROLE / "tasks" / "settings.yml").read_text())

INVENTORY = {
    "media_center_release": "0.1.0-trial",
    "media_center_server_name": "press.example.org",
    "media_center_metrics_allow": ["192.0.2.7"],
    "media_center_settings": {"smtp_url": "smtp://u:p$w%20d@mail.example.org:587"},
}


def run(*command: object, cwd: Path = HOME, **environment: str) -> str:
    """Run a program of the venv or the system; its output is in the failure."""
    path = f"{BIN}:/usr/sbin:/usr/bin:/bin"
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={"PATH": path, "HOME": str(Path.home()), "LC_ALL": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The role's templates as Ansible itself renders them for one host."""
    folder = tmp_path_factory.mktemp("rendered")
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(ROLE / "defaults" / "main.yml"), str(ROLE / "vars" / "main.yml")],
        "tasks": [
            {
                "ansible.builtin.template": {
                    "src": str(ROLE / "templates" / "{{ item }}.j2"),
                    "dest": str(folder / "{{ item }}"),
                    "mode": "0600",
                },
                "loop": list(RENDERED),
                "vars": INVENTORY,  # on the task, as vars_files win over the variables of a play
            }
        ],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    run("ansible-playbook", "-i", "localhost,", folder / "play.yml", ANSIBLE_HOME=str(folder))
    return folder


def needs(program: str) -> str:
    """The program's path; a test without it says what to install."""
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def environment(file: Path) -> dict[str, str]:
    """An environment file as a shell reads it, which is how systemd reads single quotes."""
    out = run("env", "-i", "/bin/sh", "-c", f"set -a; . {file}; /usr/bin/env -0")
    pairs = (line.partition("=") for line in out.split("\0") if line)
    return {name: value for name, _, value in pairs if name not in ("PWD", "OLDPWD", "_", "SHLVL")}


def test_the_playbook_reads() -> None:
    run(
        "ansible-playbook", "--syntax-check", "-i", "inventory.example.yml", "deploy.yml",
        cwd=ANSIBLE, ANSIBLE_CONFIG=str(ANSIBLE / "ansible.cfg"),
    )  # fmt: skip


def test_the_role_is_clean_by_the_strictest_profile_of_ansible_lint() -> None:
    run("ansible-lint", "--offline", "-q", "ansible")


def test_every_default_is_described_and_every_described_option_has_a_default() -> None:
    options = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())
    described = options["argument_specs"]["main"]["options"]
    required = {name for name, option in described.items() if option.get("required")}
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    assert set(described) - required == set(defaults)


def test_every_variable_of_the_role_is_in_the_operator_s_page() -> None:
    page = (HOME / "docs" / "operate" / "deploy.md").read_text()
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    assert [name for name in defaults if f"`{name}`" not in page] == []


def test_every_variable_written_on_the_host_is_a_setting(rendered: Path) -> None:
    known = {variable(field) for field in Settings.model_fields}
    written = set(environment(rendered / "settings.env"))
    assert written | set(SECRETS) <= known
    assert len(SECRETS) == 3


def test_the_service_starts_from_what_is_written(
    rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets.env"
    run(sys.executable, ROLE / "files" / "make_secrets.py", secrets, *SECRETS)
    values = environment(rendered / "settings.env") | environment(secrets)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.secure_cookies
    assert settings.proxies == 1
    assert settings.database_url == "postgresql+psycopg:///media_center?host=/run/postgresql"
    assert settings.smtp_url is not None
    assert urlsplit(settings.smtp_url.get_secret_value()).password == "p$w%20d"


def test_secrets_are_made_once_and_a_new_one_joins_without_touching_the_old(tmp_path: Path) -> None:
    file, make = tmp_path / "secrets.env", ROLE / "files" / "make_secrets.py"
    assert run(sys.executable, make, file, "A", "B").split() == ["A", "B"]
    first = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(sys.executable, make, file, "A", "B") == ""
    assert run(sys.executable, make, file, "A", "B", "C").split() == ["C"]
    assert file.read_text().startswith(first)


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_the_unit(rendered: Path, tmp_path: Path, unit: str) -> None:
    verify = needs("systemd-analyze")
    # The command does not exist on this machine; everything else stays as it is.
    text = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", (rendered / unit).read_text())
    file = tmp_path / unit.replace("@.", "@annex.")
    file.write_text(text)
    out = subprocess.run([verify, "verify", file], capture_output=True, text=True, check=False)
    assert [line for line in out.stderr.splitlines() if unit.partition("@")[0] in line] == []


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_is_shut_in(rendered: Path, unit: str) -> None:
    lines = (rendered / unit).read_text().splitlines()
    for wanted in (
        "User=media-center",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        "SystemCallFilter=@system-service",
    ):
        assert wanted in lines


def test_nginx_understands_the_site(rendered: Path, tmp_path: Path) -> None:
    nginx = needs("nginx")
    run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-noenc", "-subj", "/CN=press.example.org",
        "-keyout", tmp_path / "key", "-out", tmp_path / "crt",
    )  # fmt: skip
    site = (rendered / "nginx.conf").read_text()
    site = site.replace("/etc/media-center/tls/self-signed.crt", str(tmp_path / "crt"))
    site = site.replace("/etc/media-center/tls/self-signed.key", str(tmp_path / "key"))
    # Ports of its own: -t binds what it is told to listen to, and 80 may be taken.
    site = re.sub(r"listen (\[::\]:)?(80|443)\b", r"listen unix:/tmp/unused-\2", site)
    site = re.sub(r"(listen unix:\S+( ssl http2)?;)\s+listen unix:\S+( ssl http2)?;", r"\1", site)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\nhttp {{ access_log off;\n{site} }}\n"
    )
    run(nginx, "-t", "-c", tmp_path / "nginx.conf", "-e", "stderr")


def test_nginx_drops_what_a_client_claims_about_its_address(rendered: Path) -> None:
    site = (rendered / "nginx.conf").read_text()
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in site
    assert "$proxy_add_x_forwarded_for" not in site
    assert "allow 192.0.2.7;" in site


def test_a_release_is_named_by_its_content_and_carries_no_rubbish(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in (
        "portal/static/dist/app.css",
        "portal/cli.py",
        "portal/__pycache__/cli.pyc",
        "portal/.env",
        "ansible/remedies/sshd_options.yml",
        "ansible/deploy.yml",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name)
    (tree / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    pack = (sys.executable, ROLE / "files" / "pack.py", tree, tmp_path / "out")
    first = run(*pack).strip()
    assert re.fullmatch(r"1\.2\.3-[0-9a-f]{12}", first)
    with tarfile.open(tmp_path / "out" / f"{first}.tar.gz") as tar:
        assert tar.getnames() == [
            "ansible/remedies/sshd_options.yml",
            "portal/cli.py",
            "portal/static/dist/app.css",
            "pyproject.toml",
        ]
        assert {member.uname for member in tar.getmembers()} == {"root"}
    (tree / "portal" / "cli.py").touch()
    assert run(*pack).strip() == first  # the same content, whenever it was written
    (tree / "portal" / "cli.py").write_text("changed")
    assert run(*pack).strip() != first


def test_a_tree_without_its_front_end_is_refused_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    ended = subprocess.run(
        [sys.executable, ROLE / "files" / "pack.py", tmp_path, tmp_path / "out"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "make setup" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_alert_speaks_of_a_metric_that_is_exported() -> None:
    exporters = ("monitoring/exposition.py", "monitoring/metrics.py", "portal/service_metrics.py")
    exported = "".join((HOME / path).read_text() for path in exporters)
    groups = yaml.safe_load((HOME / "config" / "prometheus" / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    named = {name for rule in rules for name in re.findall(r"media_center_\w+", rule["expr"])}
    assert named
    assert [name for name in sorted(named) if name not in exported] == []
    assert all({"vi", "en"} <= set(rule["annotations"]) for rule in rules)


def test_the_scrape_asks_with_the_token_where_the_deployment_puts_it() -> None:
    scrape = yaml.safe_load((HOME / "config" / "prometheus" / "prometheus.yml").read_text())
    job = next(job for job in scrape["scrape_configs"] if job["job_name"] == "media-center")
    tasks = (ROLE / "tasks" / "prometheus.yml").read_text()
    assert f"dest: {job['authorization']['credentials_file']}\n" in tasks
    assert f"dest: {scrape['rule_files'][0]}\n" in tasks
    # The role replaces this address where media_center_port is another.
    assert job["static_configs"] == [{"targets": ["127.0.0.1:8000"]}]
