(** Calculus with squared norms, in an ordered field without roots. A gradient is unique, and at a
    local extremum it is 0: put h = t u for a small t and compare the terms of order t. Then: norm
    and correlations at w + h are near those at w if |h|^2 is small. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Small.
Variable R : realFieldType.

(** Numbers as small as is needed. *)
Lemma small (d e K : R) : 0 < d -> 0 < e -> 0 <= K ->
  exists t, [/\ 0 < t, t <= 1, t * K <= d & t < e].
Proof.
move=> d0 e0 K0.
have sub (x y : R) : 0 < y -> 0 <= y - x -> x / y <= 1.
  move=> y0 xy; rewrite -subr_ge0; have -> : 1 - x / y = (y - x) / y by field; rewrite gt_eqF.
  by rewrite mulr_ge0 // invr_ge0 ltW.
have d0' := ltW d0; have e0' := ltW e0; have Kp : 0 < d + K + 1.
  by apply: (lt_le_trans ltr01); cert (d + K).
have Ki : 0 <= (d + K + 1)^-1 by rewrite invr_ge0 ltW.
have ep : 0 < e + 1 by apply: (lt_le_trans ltr01); cert e.
have ei : 0 <= (e + 1)^-1 by rewrite invr_ge0 ltW.
have x1 : d / (d + K + 1) <= 1 by apply: sub => //; have -> : d + K + 1 - d = K + 1 by [ring];
  positive.
have y1 : e / (e + 1) <= 1 by apply: sub => //; have -> : e + 1 - e = 1 by [ring]; positive.
exists ((d / (d + K + 1)) * (e / (e + 1))); split.
- by rewrite mulr_gt0 ?divr_gt0.
- have x0 : 0 <= d / (d + K + 1) by rewrite mulr_ge0.
  move: (d / _) (e / _) x0 x1 y1 => x y x0 x1 y1.
  by cert (x * (1 - y) + (1 - x)).
- have z1 : K / (d + K + 1) <= 1 by apply: sub => //; have -> : d + K + 1 - K = d + 1 by [ring];
    positive.
  have -> : d / (d + K + 1) * (e / (e + 1)) * K = d * ((K / (d + K + 1)) * (e / (e + 1))) by ring.
  have z0 : 0 <= K / (d + K + 1) by rewrite mulr_ge0.
  move: (K / _) (e / _) z0 z1 y1 => x y z0 z1 y1.
  by cert (d * (x * (1 - y) + (1 - x))).
apply: (@le_lt_trans _ _ (e / (e + 1))).
  have y0 : 0 <= e / (e + 1) by rewrite mulr_ge0.
  by move: (d / _) (e / _) x1 y0 => x y x1 y0; cert ((1 - x) * y).
rewrite -subr_gt0; have -> : e - e / (e + 1) = e * e / (e + 1) by field; rewrite gt_eqF.
by rewrite divr_gt0 // mulr_gt0.
Qed.

(** What is at most K e for every e > 0 is not positive. *)
Lemma le0_small (x K : R) : 0 <= K -> (forall e, 0 < e -> x <= K * e) -> x <= 0.
Proof.
move=> K0 le; rewrite leNgt; apply/negP => x0.
have K1 : 0 < 2%:R * (K + 1) by rewrite mulr_gt0 ?ltr0n // (lt_le_trans ltr01) //; cert K.
have := le (x / (2%:R * (K + 1))) (divr_gt0 x0 K1); rewrite leNgt => /negP; apply.
rewrite -subr_gt0; have Kp : 0 < K + 1 by apply: (lt_le_trans ltr01); cert K.
have -> : x - K * (x / (2%:R * (K + 1))) = (x * (K + 1) + x) / (2%:R * (K + 1)).
  by field; rewrite gt_eqF.
by rewrite divr_gt0 // addr_gt0 // mulr_gt0.
Qed.
End Small.

Section Calculus.
Variables (R : realFieldType) (n : nat).
Implicit Types (w u h g : 'rV[R]_n) (F : 'rV[R]_n -> R).
Local Notation N := (@sqnorm R n).

(** A multiple of u in every ball. *)
Lemma small_multiple u (d : R) : 0 < d -> exists t, [/\ 0 < t, t <= 1 & N (t *: u) <= d].
Proof.
move=> d0; have N0 := sqnorm_ge0 u; have [t [t0 t1 tN _]] := small d0 ltr01 N0.
exists t; split=> //; rewrite sqnormZ; apply: le_trans tN.
by have t0' := ltW t0; cert (t * (1 - t) * N u).
Qed.

Lemma gradient_unique F w g g' : is_gradient F w g -> is_gradient F w g' -> g = g'.
Proof.
move=> Fg Fg'; apply/eqP; rewrite -subr_eq0 -sqnorm_eq0 eq_le sqnorm_ge0 andbT.
have four0 : 0 <= 4%:R :> R by exact: ler0n.
set u := g - g'; apply: (le0_small four0) => e e0.
have [d1 d10 h1] := Fg e e0; have [d2 d20 h2] := Fg' e e0.
have [d [d0 dd1 dd2]] : exists d, [/\ 0 < d, d <= d1 & d <= d2].
  by case: (lerP d1 d2) => [|/ltW] dd; [exists d1 | exists d2]; split; rewrite ?lexx.
have [t [t0 t1 tu]] := small_multiple u d0.
have := h2 (t *: u) (le_trans tu dd2); have := h1 (t *: u) (le_trans tu dd1).
move: (F _ - F w) => D A B; have uu : dot g (t *: u) = dot g' (t *: u) + t * N u.
  by rewrite -[g in LHS](subrK g') -/u dotDl [dot u _]dotZr addrC.
rewrite uu sqnormZ in A; rewrite sqnormZ in B; move: (dot g' _) A B => p A B.
have N0 := sqnorm_ge0 u; case: (eqVneq (N u) 0) => [->|Nu]; first by rewrite mulr_ge0 ?ler0n ?ltW.
have Np : 0 < t ^+ 2 * N u by rewrite mulr_gt0 ?exprn_gt0 // lt_def Nu.
have main : 0 <= (4%:R * e - N u) * (t ^+ 2 * N u).
  have -> : (4%:R * e - N u) * (t ^+ 2 * N u) = 2%:R * (e * (t ^+ 2 * N u) - (D - (p +
    t * N u)) ^+ 2)
    + 2%:R * (e * (t ^+ 2 * N u) - (D - p) ^+ 2) + ((D - (p + t * N u)) + (D - p)) ^+ 2 by ring.
  by positive.
by rewrite -subr_ge0 -(pmulr_lge0 _ Np).
Qed.

(** Fermat: a local extremum is critical where the function is differentiable. *)
Lemma fermat (s : R) F w g : s ^+ 2 = 1 -> is_gradient F w g ->
  (exists2 d, 0 < d & forall h, N h <= d -> 0 <= s * (F (w + h) - F w)) -> g = 0.
Proof.
move=> s2 Fg [d1 d10 h1]; apply/eqP; rewrite -sqnorm_eq0 eq_le sqnorm_ge0 andbT.
have one0 : 0 <= 1 :> R by exact: ler01.
apply: (le0_small one0) => e e0.
have [d2 d20 h2] := Fg e e0.
have [d [d0 dd1 dd2]] : exists d, [/\ 0 < d, d <= d1 & d <= d2].
  by case: (lerP d1 d2) => [|/ltW] dd; [exists d1 | exists d2]; split; rewrite ?lexx.
have [t [t0 t1 tu]] := small_multiple (- s *: g) d0.
have := h2 _ (le_trans tu dd2); have := h1 _ (le_trans tu dd1).
rewrite sqnormZ dotZr dotZr sqnormZ -/(sqnorm g) sqrrN s2 mul1r.
move: (F _ - F w) => D A B; rewrite mul1r; have N0 := sqnorm_ge0 g.
case: (eqVneq (N g) 0) => [->|Ng]; first exact: ltW.
have Np : 0 < t ^+ 2 * N g by rewrite mulr_gt0 ?exprn_gt0 // lt_def Ng.
have t0' := ltW t0.
have main : 0 <= (e - N g) * (t ^+ 2 * N g).
  have -> : (e - N g) * (t ^+ 2 * N g) = (e * (t ^+ 2 * N g) - (D - t * (- s * N g)) ^+ 2)
    + s ^+ 2 * D ^+ 2 + (1 - s ^+ 2) * (D ^+ 2) + 2%:R * (t * N g) * (s * D)
    + (s ^+ 2 - 1) * (t * N g) ^+ 2 by ring.
  by rewrite s2 subrr !mul0r !addr0; positive.
by rewrite -subr_ge0 -(pmulr_lge0 _ Np).
Qed.

Lemma local_min_critical F w g : is_gradient F w g -> local_min F w -> g = 0.
Proof.
move=> Fg [d d0 h]; apply: (fermat (expr1n _ 2) Fg); exists d => // u ud.
by rewrite mul1r subr_ge0 h.
Qed.

Lemma local_max_critical F w g : is_gradient F w g -> local_max F w -> g = 0.
Proof.
move=> Fg [d d0 h]; apply: (@fermat (-1) _ _ _ _ Fg); first by rewrite sqrrN expr1n.
by exists d => // u ud; rewrite mulN1r oppr_ge0 subr_le0 h.
Qed.

(** The squared norm is continuous. *)
Lemma sqnorm_near w (e : R) : 0 < e -> exists2 d, 0 < d & forall h, N h <= d ->
  N w - e <= N (w + h) /\ N (w + h) <= N w + e.
Proof.
move=> e0; have N0 := sqnorm_ge0 w.
have Np : 0 < N w + 1 by apply: (lt_le_trans ltr01); cert (N w).
have D0 : 0 < 2%:R * (N w + 1) by rewrite mulr_gt0 ?ltr0n.
have s0 : 0 < e / (2%:R * (N w + 1)) by rewrite divr_gt0.
have sN : e / (2%:R * (N w + 1)) * N w <= e / 2%:R.
  rewrite -subr_ge0; have -> : e / 2%:R - e / (2%:R * (N w + 1)) * N w = e / (2%:R * (N w + 1)).
    by field; rewrite gt_eqF.
  exact: ltW.
move: (e / _) s0 sN => s s0 sN; have Q0 : 0 < 1 + s^-1 by rewrite addr_gt0 ?ltr01 ?invr_gt0.
exists (e / 2%:R / (1 + s^-1)) => [|h hd]; first by rewrite !divr_gt0 ?ltr0n.
have hd' : (1 + s^-1) * N h <= e / 2%:R.
  rewrite -(@divfK _ (1 + s^-1) (lt0r_neq0 Q0) (e / 2%:R)) [X in _ <= X]mulrC.
  by rewrite -subr_ge0 -mulrBr mulr_ge0 ?subr_ge0 // ltW.
have si : 0 <= s^-1 by rewrite invr_ge0 ltW.
have s1 : 0 <= s * N w + 2%:R * dot w h + s^-1 * N h.
  have -> : s * N w + 2%:R * dot w h + s^-1 * N h = s^-1 * N (s *: w + h).
    by rewrite sqnormD !sqnormZ dotZl; field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?sqnorm_ge0.
have s2 : 0 <= s * N w - 2%:R * dot w h + s^-1 * N h.
  have -> : s * N w - 2%:R * dot w h + s^-1 * N h = s^-1 * N (s *: w - h).
    by rewrite sqnormB !sqnormZ dotZl; field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?sqnorm_ge0.
have H0 : 0 <= 2%:R * N h by rewrite mulr_ge0 ?sqnorm_ge0 ?ler0n.
rewrite -subr_ge0 in sN; rewrite -subr_ge0 in hd'.
rewrite sqnormD; move: (dot w h) (N h) (N w) s1 s2 sN hd' H0 => p H W s1 s2 sN hd' H0.
split; rewrite -subr_ge0.
  have -> : W + 2%:R * p + H - (W - e) = (s * W + 2%:R * p + s^-1 * H) + (e / 2%:R - s * W)
    + (e / 2%:R - (1 + s^-1) * H) + 2%:R * H by field; rewrite gt_eqF.
  by apply: addr_ge0 => //; apply: addr_ge0 => //; apply: addr_ge0.
have -> : W + e - (W + 2%:R * p + H) = (s * W - 2%:R * p + s^-1 * H) + (e / 2%:R - s * W)
  + (e / 2%:R - (1 + s^-1) * H) by field; rewrite gt_eqF.
by apply: addr_ge0 => //; apply: addr_ge0.
Qed.
End Calculus.
