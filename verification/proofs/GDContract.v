(** One step of gradient descent contracts |1 - C^2| + (30/(a^2 e)) r by 1 - a e^2 (1 - 2a)/3, for
    every a = eta/m below 1/2. Idea: 1 - C'^2 = (1 - C^2) f + a r C^2 F with F = (k + 1)(k^2 + 1)
    and f = 1 - 2 a C^2 F/(1 + C); f is below 1 as C >= e, and above -1 by [factor_low]; the last
    term is at most (15/a) r, and r itself shrinks by 1 - a e. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape GDOrder GDScalar Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Contract.
Variables (R : rcfType) (a e : R).
Hypotheses (a0 : 0 < a) (a1 : 0 <= 1 - 2%:R * a) (e0 : 0 < e).

Definition loss_rate := a * e ^+ 2 * (1 - 2%:R * a) / 3%:R.
Definition weight := 30%:R / (a ^+ 2 * e).
Definition far C r := `|1 - C ^+ 2| + weight * r.

Let a0' : 0 <= a := ltW a0.
Let e0' : 0 <= e := ltW e0.
Let a2 : 0 <= 1 - a.
Proof. by cert (a + (1 - 2%:R * a)). Qed.

Section Step.
Variables C r : R.
Hypothesis inv : safe a e C r.
Let k := 1 + a * (2%:R - 2%:R * C - r).
Let F := (k + 1) * (k ^+ 2 + 1).

Lemma safe_e1 : e <= 1.
Proof. by case: inv => r0 _ _ _ h; apply: le_trans h _; cert (r / 2%:R). Qed.

Lemma rate_ge0 : 0 <= loss_rate.
Proof. by rewrite /loss_rate; positive. Qed.

Lemma rate_small : loss_rate <= (1 - 2%:R * a) / 3%:R /\ loss_rate <= a * e / 3%:R.
Proof.
have e1 := safe_e1; have h : 0 <= 1 - e by rewrite subr_ge0.
rewrite /loss_rate; split.
  by cert ((1 - 2%:R * a) / 3%:R * ((1 - a) + a * ((1 - e) * (1 + e))));
    rewrite ?addr_ge0 ?ler01.
by cert (a * e / 3%:R * ((1 - e) + e * (2%:R * a))).
Qed.

Lemma rate_lt1 : loss_rate < 1.
Proof.
have [_ h] := rate_small; apply: le_lt_trans h _; rewrite lt_quot ?ltr0n // mul1r.
have e1 := safe_e1; apply: (@le_lt_trans _ _ 1); last by rewrite ltr1n.
by rewrite -[X in _ <= X](mulr1 1); apply: mul_le => //; rewrite -subr_ge0.
Qed.

Lemma contract : far (k ^+ 2 * C) ((1 - a * C) ^+ 2 * r) <= (1 - loss_rate) * far C r.
Proof.
have e1 := safe_e1; have [d1 d2] := rate_small; have d0 := rate_ge0.
have [s0 s1] := safe_shrink a0 a1 e0 inv; have rr := rest_falls a0 a1 e0 inv.
case: inv => r0 k0 eC _ _; rewrite -/k in k0.
have C0 := le_trans e0' eC; have k0' := ltW k0; have C1 : 0 < 1 + C.
  by apply: (lt_le_trans ltr01); rewrite le_grow.
have F1 : 1 <= F by rewrite /F; cert (k ^+ 3 + k ^+ 2 + k).
have F0 := le_trans ler01 F1.
have kz : k <= 1 + 2%:R * a * (1 - C) by rewrite /k; cert (a * r).
have k2 : 0 <= 2%:R - k by cert ((1 + 2%:R * a * (1 - C) - k) + (1 - 2%:R * a) + 2%:R * (a * C)).
have F15 : F <= 15%:R.
  by rewrite /F; cert ((2%:R - k) * (k ^+ 2 + 3%:R * k + 7%:R)).
pose f := 1 - 2%:R * a * C ^+ 2 * F / (1 + C).
have E : 1 - (k ^+ 2 * C) ^+ 2 = (1 - C ^+ 2) * f + a * C ^+ 2 * F * r.
  have -> : (1 - C ^+ 2) * f = (1 - C ^+ 2) - (1 - C) * (2%:R * a * C ^+ 2 * F).
    by rewrite /f; field; rewrite gt_eqF.
  by rewrite /F /k; ring.
have low := factor_low a0 a1 C0 k0 kz; rewrite -/F in low.
have f_le : `|f| <= 1 - loss_rate.
  rewrite ler_norml; apply/andP; split.
    have : 2%:R * a * C ^+ 2 * F / (1 + C) <= 2%:R - loss_rate.
      rewrite le_quot //; apply: (le_trans low); apply: mul_le (lexx _).
      - by cert ((5%:R + 2%:R * a) / 3%:R).
      - exact: ltW.
      by cert ((1 - 2%:R * a) / 3%:R - loss_rate).
    rewrite /f; move: (_ / (1 + C)) => y h.
    by cert (2%:R - loss_rate - y).
  have : loss_rate <= 2%:R * a * C ^+ 2 * F / (1 + C).
    rewrite ge_quot //; apply: (@le_trans _ _ (a * e ^+ 2 * (1 + C))).
      apply: mul_le (lexx _) => //; first by positive.
      rewrite /loss_rate le_quot ?ltr0n //.
      by cert (a * e ^+ 2 * (2%:R + 2%:R * a)).
    apply: (@le_trans _ _ (2%:R * a * C ^+ 2 * 1)); last by apply: mul_le => //; positive.
    have h : 0 <= 1 - e by rewrite subr_ge0.
    by cert (a * ((C - e) * (C + e) + C * ((C - e) + e * (1 - e)))).
  rewrite /f; move: (_ / (1 + C)) => y h.
  by cert (y - loss_rate).
have ai : 0 <= a^-1 by rewrite invr_ge0.
have L : a * C ^+ 2 * F <= 15%:R / a.
  have Ca : C <= a^-1.
    by rewrite -[a^-1]mul1r ge_quot // mulrC -subr_ge0.
  apply: (@le_trans _ _ (C * 15%:R)).
    have -> : a * C ^+ 2 * F = (a * C) * C * F by ring.
    apply: mul_le => //; first by positive.
    by cert (C * (1 - a * C)).
  by cert (15%:R * (a^-1 - C)).
have W0 : 0 <= weight by rewrite /weight; positive.
apply: (@le_trans _ _ (`|1 - C ^+ 2| * (1 - loss_rate) + 15%:R / a * r
   + weight * ((1 - a * e) * r))).
  rewrite /far; apply: add_le; last by apply: mul_le => //; rewrite ?mulr_ge0 ?sqr_ge0.
  rewrite E; apply: le_trans (abs_add _ _) _; apply: add_le.
    by rewrite normrM; apply: mul_le.
  by rewrite ger0_norm; [apply: mul_le | ]; positive.
have WE : 15%:R / a = weight * (a * e / 2%:R).
  by rewrite /weight; field; rewrite !gt_eqF.
rewrite WE /far; move: `|_| (weight) W0 {WE L E low} => y W W0.
have h : 0 <= a * e / 2%:R - loss_rate by cert ((a * e / 3%:R - loss_rate) + a * e / 6%:R).
by cert (W * r * (a * e / 2%:R - loss_rate)).
Qed.

Lemma weight_ge1 : 1 <= weight.
Proof.
have e1 := safe_e1.
rewrite /weight ge_quot ?mulr_gt0 ?exprn_gt0 // mul1r; apply: (@le_trans _ _ 1); last by rewrite
  ler1n.
rewrite -[X in _ <= X](mulr1 1); apply: mul_le => //; first exact: sqr_ge0.
by cert ((1 - a) * (1 + a)); rewrite ?addr_ge0 ?ler01.
Qed.
End Step.
End Contract.
