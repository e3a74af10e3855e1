(** One step on any batch, as far as one point l and its rivals are concerned: the ratio of the
    rivals' |phi(c_j)|, summed, to |phi(c_l)|, and what is missed (the energy off the active
    points and |1 - C|).

    The idea of the proof that a lead that tends to infinity forces convergence (WalkStep,
    WalkLimit). Let r = sum_{j != l} |phi(c_j)| / |phi(c_l)|. A batch without l raises r, by
    g/s times the share of its own points, and what is missed grows by at most alpha times the
    batch's energy, which is at most 2 times the rise of r. So what is missed, less 2 r, does
    not grow in batches without l, however many there are; a batch with l shrinks what is
    missed by the factor 1 - alpha/4, up to errors of the order of r; and r tends to 0. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Ending CycStep CycLimit CycRule.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Walk.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Local Notation own := (own kind a).
Local Notation rivals := (rivals kind a).
Local Notation missed := (missed kind a).
Local Notation rivals_sum := (rivals_sum kind a).
Variables (eta : R) (B : {set 'I_m}).
Local Notation al := (eta / #|B|%:R).
Hypotheses (eta0 : 0 <= eta) (al1 : al <= 5%:R^-1).
Variables (w : 'rV[R]_n) (l : 'I_m).
Hypothesis N1 : N w <= 21%:R / 20%:R.
Local Notation next := (step kind a eta B w).
Local Notation s := (shrink kind a eta B w).
Local Notation g := (gain eta B w).
Local Notation S := (batch_energy kind a B w).
Let al0 : 0 <= al. Proof. exact: batch_al_ge0. Qed.
Let S0 : 0 <= S. Proof. exact: batch_energy_ge0. Qed.
Let SN : S <= N w. Proof. exact: batch_energy_le. Qed.

Lemma factor_bounds : [/\ 0 < s, s <= 1, 19%:R / 20%:R * al <= g & s + g <= (1 + 2%:R * al) * s].
Proof.
have [s0 _] := batch_signs kind a_orth eta0 al1 N1; split=> //; rewrite /shrink /gain.
- by move: (eta / _) al0 => A A0; cert (A * S).
- by move: (eta / _) al0 => A A0; cert (A * (21%:R / 20%:R - N w)).
move: (eta / _) al0 al1 => A A0 A1.
by cert (A * ((N w - S) + 2%:R * S * (5%:R^-1 - A) + 3%:R / 5%:R * S)).
Qed.

Lemma gain_ge0 : 0 <= g.
Proof. by have [_ _ h _] := factor_bounds; apply: le_trans h; have h := al0; positive. Qed.

Lemma phi_any j : phi (c next j) = (if j \in B then s + g else s) * phi (c w j).
Proof. exact: phi_step_batch. Qed.

(** The size of a correlation changes by a factor between s and (1 + 2 alpha) s. *)
Lemma size_any j : s * `|phi (c w j)| <= `|phi (c next j)| /\
  `|phi (c next j)| <= (1 + 2%:R * al) * s * `|phi (c w j)|.
Proof.
have [s0 s1 g0 g1] := factor_bounds; have g0' := gain_ge0; have s0' := ltW s0.
have [_ sg0] := batch_signs kind a_orth eta0 al1 N1.
have a0 := al0; have x0 := normr_ge0 (phi (c w j)).
rewrite phi_any normrM; move: `|phi (c w j)| x0 => y y0; case: ifP => _.
  rewrite (gtr0_norm sg0); move: s g (eta / _) g0' s0' a0 g1 {s0 s1 g0 sg0} => u v A v0 u0 a0 v1.
  split; first by cert (v * y).
  by cert (((1 + 2%:R * A) * u - (u + v)) * y).
rewrite (gtr0_norm s0); split; first exact: lexx.
move: s (eta / _) s0' a0 {g1 s0 s1 g0 sg0} => u A u0 a0.
by cert (2%:R * A * u * y).
Qed.

Lemma rivals_any i : s * rivals_sum i w <= rivals_sum i next /\
  rivals_sum i next <= (1 + 2%:R * al) * s * rivals_sum i w.
Proof.
by rewrite /Definitions.rivals_sum !mulr_sumr; split; apply: ler_sum => j _;
  have [] := size_any j.
Qed.

Lemma rivals_sum_ge0 i v : 0 <= rivals_sum i v.
Proof. by apply: sumr_ge0 => j _; exact: normr_ge0. Qed.

Lemma quotient_le (x y x' y' k t : R) : 0 <= x -> 0 <= y -> 0 <= y' -> 0 < t -> 0 <= k ->
  x' <= k * t * x -> t * y <= y' -> (y = 0 -> y' = 0) -> x' / y' <= k * (x / y).
Proof.
move=> x0 y0 y0' t0 k0 xx yy zero; move: y0; rewrite le_eqVlt => /orP[/eqP y0|yp].
  by rewrite zero -?y0 // invr0 !mulr0 lexx.
have yp' : 0 < y' by apply: lt_le_trans yy; rewrite mulr_gt0.
rewrite -subr_ge0; have -> : k * (x / y) - x' / y' = ((k * x) * y' - x' * y) / y / y'.
  by field; rewrite !gt_eqF.
rewrite !mulr_ge0 ?invr_ge0 ?(ltW yp) ?(ltW yp') //; have yp0 := ltW yp.
have -> : k * x * y' - x' * y = k * x * (y' - t * y) + (k * t * x - x') * y by ring.
by positive.
Qed.

(** A step changes the lead of every point by a factor between 1/(1 + 2 alpha) and 1 + 2 alpha. *)
Lemma lead_any i : lead_over kind a i next <= (1 + 2%:R * al) * lead_over kind a i w /\
  lead_over kind a i w <= (1 + 2%:R * al) * lead_over kind a i next.
Proof.
have [s0 s1 g0 g1] := factor_bounds; have [x1 x2] := size_any i; have [y1 y2] := rivals_any i.
have s0' := ltW s0; have a0 := al0; have K1 : 0 < 1 + 2%:R * al.
  by apply: (lt_le_trans ltr01); move: (eta / _) a0 => A a0; cert (2%:R * A).
have K := ltW K1; have K2 : 1 + 2%:R * al != 0 by rewrite gt_eqF.
have Y := rivals_sum_ge0 i; have X v := normr_ge0 (phi (c v i)); split.
  apply: (quotient_le (t := s)) => // y0; apply/eqP; rewrite eq_le Y andbT; apply: le_trans y2 _.
  by rewrite y0 mulr0 lexx.
apply: (quotient_le (t := s^-1 / (1 + 2%:R * al))) => //.
- by rewrite divr_gt0 ?invr_gt0.
- rewrite [_ * (s^-1 / _)]mulrC divfK // mulrC -subr_ge0.
  have -> : `|phi (c next i)| / s - `|phi (c w i)| = (`|phi (c next i)| - s * `|phi (c w i)|) / s.
    by field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?subr_ge0 // invr_ge0.
- rewrite -subr_ge0; move: (1 + 2%:R * al) K1 y2 => k k1 y2.
  have -> : rivals_sum i w - s^-1 / k * rivals_sum i next =
    (k * s * rivals_sum i w - rivals_sum i next) / s / k by field; rewrite !gt_eqF.
  by rewrite !mulr_ge0 ?subr_ge0 ?invr_ge0 // ltW.
move=> y0; apply/eqP; rewrite eq_le Y andbT -(pmulr_rle0 _ s0); apply: le_trans y1 _.
by rewrite y0 lexx.
Qed.
End Walk.
