"""A run that is interrupted and resumed ends where an uninterrupted one does."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

from shown import show

import whichmin

RUN = ["train", "data.npy", "-b", "full", "-b", "1", "--replicas", "20", "--engine", "autograd",
       "--step-size", "0.05", "-f", "json"]  # fmt: skip


def command(*arguments):
    told = subprocess.run(
        [sys.executable, "-m", "whichmin", *arguments], check=False, capture_output=True, text=True
    )
    return told.returncode, json.loads(told.stdout)["tables"][0]["rows"]


def interrupted():
    """Exit code of a run that gets a signal once its checkpoint is there."""
    extra = ["--checkpoint", "run.npz", "--checkpoint-every", "0.1"]
    with subprocess.Popen(
        [sys.executable, "-m", "whichmin", *RUN, *extra],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not os.path.exists("run.npz") and process.poll() is None:
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        return process.wait()


whole = command(*RUN)
stopped = interrupted()
resumed = command("train", "--resume", "run.npz", "-f", "json")
show({
    "whole": lambda: whole,
    "interrupted": lambda: stopped,
    "equal": lambda: resumed == whole,
    "function": lambda: [r.steps for r in whichmin.resume("run.npz")],
})
