import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from whichmin.cli import cli, run
from whichmin.reporting import FORMATS

SHELLS = ("bash", "zsh", "fish")
SCRIPT = Path(sys.executable).with_name("whichmin")


def asked(words, shell="bash"):
    """Ask the completion protocol, as the script in the shell does on the tab key."""
    *_, last = typed = words.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "whichmin"],
        capture_output=True,
        text=True,
        timeout=600,
        env={
            **os.environ,
            "_WHICHMIN_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": last if shell == "fish" else str(len(typed) - 1),
        },
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def plain(*values):
    return [f"plain,{value}" for value in values]


def test_commands():
    assert asked("whichmin ") == plain(*cli.commands)
    assert asked("whichmin tab") == plain("table")
    assert asked("whichmin table ") == plain(*cli.commands["table"].commands)


@pytest.mark.parametrize("command", ["train", "verify", "doctor"])
def test_options(command):
    wanted = {o for p in cli.commands[command].params for o in p.opts if o.startswith("--")}
    assert set(asked(f"whichmin {command} --")) == set(plain(*wanted, "--help"))
    assert asked(f"whichmin {command} --form") == plain("--format")


def test_values():
    assert asked("whichmin train --sampling with") == plain("without-replacement",
                                                            "with-replacement")  # fmt: skip
    assert asked("whichmin train -f ") == plain(*FORMATS)
    assert asked("whichmin completion ") == plain(*SHELLS)
    assert asked("whichmin train dat") == ["file,dat"]
    assert asked("whichmin train --start we") == ["file,we"]


def test_nothing_fits():
    assert asked("whichmin nonsense") == []
    assert asked("whichmin train --nonsense") == []
    assert asked("whichmin train --seed ") == []


def test_other_shells():
    about = cli.commands["table"].get_short_help_str()
    assert asked("whichmin tab", "zsh") == ["plain", "table", about]
    assert asked("whichmin tab", "fish") == [f"plain,table\t{about}"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_defines_the_completion_of_this_command(capsys, shell):
    assert run(["completion", shell]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"_WHICHMIN_COMPLETE={shell}_complete" in printed.out
    assert {"bash": "complete ", "zsh": "#compdef whichmin", "fish": "complete "}[shell] in (
        printed.out
    )


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_the_script():
    code = (
        f'PATH="{SCRIPT.parent}:$PATH"\n'
        'eval "$(whichmin completion bash)"\n'
        "complete -p whichmin\n"
        "COMP_WORDS=(whichmin train --sampling re) COMP_CWORD=3\n"
        "_whichmin_completion whichmin\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", code], capture_output=True, text=True, timeout=600
    )
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first == "complete -o nosort -F _whichmin_completion whichmin"
    assert second == "reshuffled"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_the_script(capsys, shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    run(["completion", shell])
    file = tmp_path / "script"
    file.write_text(capsys.readouterr().out)
    subprocess.run([shell, "-n", str(file)], check=True, timeout=600)


@pytest.mark.parametrize("arguments", [[], ["tcsh"]])
def test_another_shell_is_wrong_use(capsys, arguments):
    assert run(["completion", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert all(shell in printed.err for shell in SHELLS)
