"""Terms of the proofs are read as Coq reads them; what is not known is refused with its place."""

import pytest

from whichmin.errors import InputError
from whichmin.verification.provers.proof_sources import library
from whichmin.verification.provers.proof_terms import parse


def shown(term):
    """A term with all its brackets, in prefix notation."""
    if not term.parts:
        return term.name
    name = f" {term.name}:" if term.name else ""
    return f"({term.head}{name} {' '.join(map(shown, term.parts))})"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("x - y - z", "(- (- x y) z)"),
        ("x + y * z ^+ 2", "(+ x (* y (^+ z 2)))"),
        ("x / y * z", "(* (/ x y) z)"),
        ("- x * y", "(* (-_ x) y)"),
        ("- x ^+ 2", "(-_ (^+ x 2))"),
        ("f x y ^+ 2", "(^+ (apply f x y) 2)"),
        ("f x^-1", "(apply f (^-1 x))"),
        ("2%:R^-1 + m%:R", "(+ (^-1 (%:R 2)) (%:R m))"),
        ("(2%:R * m%:R)^-1", "(^-1 (* (%:R 2) (%:R m)))"),
        (r"1 - \sum_i f i ^+ 4 / m", r"(- 1 (\sum_ #1: (/ (^+ (apply f #1) 4) m)))"),
        (r"\sum_i f i + 1", r"(+ (\sum_ #1: (apply f #1)) 1)"),
        (r"\sum_(i in B) f i", r"(\sum_ #1: (apply f #1) (in B))"),
        (r"\sum_(k <- s) f k * x", r"(\sum_ #1: (* (apply f #1) x) (<- s))"),
        (r"\tr (H w) = x", r"(= (\tr_ (apply H w)) x)"),
        ("A -> B -> C", "(-> A (-> B C))"),
        (r"A \/ B /\ C <-> D", r"(<-> (\/ A (/\ B C)) D)"),
        ("~ A -> B", "(-> (~_ A) B)"),
        ("0 <= x <= y", r"(/\ (<= 0 x) (<= x y))"),
        ("(x < y) = z", "(= (< x y) z)"),
        (r"0 < x :> R /\ A", r"(/\ (< 0 x) A)"),
        ("(0 < m)%N -> A", "(-> (%N (< 0 m)) A)"),
        ("forall (R : T) (m n : nat) i, m = i", "(forall R m n i: (= m i))"),
        ("exists2 d, 0 < d & x < d", "(exists2 d: (< 0 d) (< x d))"),
        ("exists i : 'I_m, w = a i", "(exists i: (= w (apply a i)))"),
        ("let s := 1 - x in s * y", "(let s: (- 1 x) (* s y))"),
        ("if kind is Relu then x else y", "(if (is kind Relu) x y)"),
        ("match k with Linear => x | Relu => y end", "(match k (=> Linear x) (=> Relu y))"),
        (r"[/\ A, B & C]", r"(/\ A B C)"),
        ("[exists i, A i && B]", "(exists i: (&& (apply A i) B))"),
        ("step [set: 'I_m] w", "(apply step ([set: ('I_ m)) w)"),
        ("[set i in batch]", "([set i: i (in batch))"),
        ("[:: x; y]", "([:: x y)"),
        ("#|B|%:R", "(%:R (#| B))"),
        ("`|x - y| <= p", "(<= (`| (- x y)) p)"),
        ("@f R m", "(apply (@ f) R m)"),
        ("'X - x%:P", "(- 'X (%:P x))"),
        ("fun x => f x y", "(fun #1: (apply f #1 y))"),
        (r"t.+1 \in s", r"(\in (.+1 t) s)"),
    ],
)  # fmt: skip
def test_notation_binds_as_in_mathcomp(text, read):
    assert shown(parse(text)) == read


def test_terms_are_equal_up_to_bound_names_brackets_and_layout():
    assert parse(r"\sum_i f i") == parse("\\sum_j\n f  (j)")
    assert parse(r"\sum_i f i") != parse(r"\sum_j f i")
    assert parse(r"\sum_i \sum_j f i j") == parse(r"\sum_j \sum_i f j i")
    assert parse(r"\sum_i \sum_j f i j") != parse(r"\sum_i \sum_j f j i")
    assert parse("fun i => f i") == parse("fun j => f j")
    assert parse("x * (y + z)") != parse("x * y + z")
    assert parse("(x  +  y) * z").parts[0].text == "(x + y)"


def test_terms_are_put_for_names_that_nothing_else_binds():
    two = parse("2%:R")
    assert parse("s * f s").put("s", two) == parse("2%:R * f 2%:R")
    assert parse("forall s, s = x").put("s", two) == parse("forall s, s = x")
    assert parse("let s := s + 1 in s").put("s", two) == parse("let s := 2%:R + 1 in s")


@pytest.mark.parametrize(
    ("text", "place", "wanted"),
    [
        ("x +", "the end", "a term"),
        ("f (x", "the end", ")"),
        ("x ) y", ") y", "the end"),
        ("x\n+ $ y", "$ y", "known notation"),
        ("forall x y", "the end", "a name"),
        ("let s := 1", "the end", "in"),
        ("[/\\ A B", "the end", "]"),
        ("if x then y", "the end", "else"),
        ("forall 3, x", "3, x", "a name"),
    ],
)
def test_what_is_not_known_is_refused_with_its_place(text, place, wanted):
    with pytest.raises(InputError) as caught:
        parse(text, "Statements.some", 7)
    line = 8 if "\n" in text else 7
    assert str(caught.value) == (
        f"Statements.some = {place!r}, but must be {wanted} at this place, line {line}"
    )


def test_every_statement_of_the_product_is_in_the_notation():
    proofs = library()
    assert proofs.statements
    for name, stated in proofs.statements.items():
        _, _, body = stated.text.rstrip(".").partition(":=")
        assert parse(body, name).parts, name
