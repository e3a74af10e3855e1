from whichmin.verification.oracle.protocol import FUNCTIONS, function


def test_signatures_name_every_argument():
    assert FUNCTIONS["step"].signature == "step(w, batch, step_size, activation=...)"
    assert FUNCTIONS["sample_batches"].signature == "sample_batches(m, b, steps, seed, weights=...)"
    assert all(f.meaning and f.convention for f in FUNCTIONS.values() if f.name != "gradient")


def test_look_up():
    assert function("loss") is FUNCTIONS["loss"]
