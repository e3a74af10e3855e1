import pickle

from whichmin.verification.oracle.outcome import CallFailed, CallOutcome, Kind


def test_outcomes_travel_between_processes():
    outcome = CallOutcome(Kind.HUNG, detail="did not return within 1 s")
    assert pickle.loads(pickle.dumps(outcome)) == outcome
    assert str(CallFailed(outcome, "loss(w: 2)")) == "loss(w: 2): did not return within 1 s"
