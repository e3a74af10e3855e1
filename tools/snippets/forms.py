"""Every closed form, with its statement, source and derivation."""

from shown import show

import whichmin


def described(form):
    return {
        "expression": str(form.expression),
        "arguments": list(form.arguments),
        "statement": form.statement,
        "source": form.source,
        "steps": len(form.derivation.steps),
    }


forms = whichmin.closed_forms()
show({
    "forms": lambda: {name: described(form) for name, form in sorted(forms.items())},
    "value": lambda: whichmin.closed_form("sharpness.trace_at_minimum")(n=32, m=8, k=5, kappa=0.5),
    "unknown": lambda: whichmin.closed_form("no.such"),
    "wrong argument": lambda: whichmin.closed_form("sharpness.trace_at_minimum")(n=32),
})
