import os
import threading

import pytest
import torch

from whichmin.bench.cores import available, can_pin, held_to
from whichmin.errors import InputError


def test_threads_are_held_and_given_back():
    before = torch.get_num_threads()
    with held_to(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


@pytest.mark.skipif(not can_pin(), reason="only Linux can hold threads to cores")
def test_every_thread_of_the_process_is_held():
    cores = os.sched_getaffinity(0)
    seen, ask, answered = [], threading.Event(), threading.Event()

    def other():
        for _ in range(2):
            ask.wait(10)
            ask.clear()
            seen.append(os.sched_getaffinity(0))
            answered.set()

    def question():
        answered.clear()
        ask.set()
        assert answered.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    with held_to(1):
        assert os.sched_getaffinity(0) == {min(cores)}
        question()
    question()
    thread.join()
    assert seen == [{min(cores)}, cores]
    assert os.sched_getaffinity(0) == cores


def test_all_is_restored_after_an_error():
    before, threads = os.sched_getaffinity(0) if can_pin() else None, torch.get_num_threads()
    with pytest.raises(RuntimeError), held_to(1):
        raise RuntimeError
    assert before is None or os.sched_getaffinity(0) == before
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("count", [0, available() + 1])
def test_cores_that_are_not_there_are_refused(count):
    with pytest.raises(InputError, match="the cores there are"), held_to(count):
        pass
