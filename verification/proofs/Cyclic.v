(** Cyclic SGD on two points: the batches are {a_0}, {a_1}, {a_0}, .. in turn, nothing is random. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending Assemble Reach Converge.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalar.
Variable R : realFieldType.
Implicit Types eta S T N low : R.

(** |w|^2 <= 1 + eta/4 is kept by a step whose batch has the energy S. *)
Lemma norm_kept eta S N : 0 <= eta -> eta <= 5%:R^-1 -> 0 <= S -> S <= N -> N <= 1 + eta / 4%:R ->
  (1 - eta * S) ^+ 2 * N + (2%:R * (1 - eta * S) * (eta * (2%:R - N)) + (eta * (2%:R - N)) ^+ 2) * S
  <= 1 + eta / 4%:R.
Proof.
move=> e0 e1 S0 SN N1; have e1' : 0 <= 5%:R^-1 - eta by rewrite subr_ge0.
pose T := N - S; have T0 : 0 <= T by rewrite /T subr_ge0.
have NE : N = S + T by rewrite /T; ring.
case: (lerP 1 N) => N2.
  pose d := N - 1; have d0 : 0 <= d by rewrite /d subr_ge0.
  pose e := eta / 4%:R - d; have ee : 0 <= e by rewrite /e /d; cert (1 + eta / 4%:R - N).
  have S1 : 0 <= 21%:R / 20%:R - S by rewrite /e /d NE in ee; cert ((eta / 4%:R - (S + T - 1)) + T + (5%:R^-1 - eta) / 4%:R).
  have k1 : 0 <= 1 - 4%:R * eta * S.
    by cert (4%:R * eta * (21%:R / 20%:R - S) + 21%:R / 5%:R * (5%:R^-1 - eta) + 4%:R / 25%:R).
  have d1 : 0 <= 1 / 20%:R - d by rewrite /e in ee; cert ((eta / 4%:R - d) + (5%:R^-1 - eta) / 4%:R).
  have k2 : 0 <= 2%:R * d - d ^+ 2 + S * (1 - 3%:R * d).
    have h : 0 <= 1 - 3%:R * d by cert (3%:R * (1 / 20%:R - d) + 17%:R / 20%:R).
    have h2 : 0 <= 2%:R * d - d ^+ 2.
      have -> : 2%:R * d - d ^+ 2 = d * ((1 / 20%:R - d) + 39%:R / 20%:R) by field.
      by positive.
    by positive.
  rewrite -subr_ge0; set X := (X in 0 <= X).
  have -> : X = e * (1 - 4%:R * eta * S) + eta ^+ 2 * S * (2%:R * d - d ^+ 2 + S * (1 - 3%:R * d)).
    by rewrite /X /e /d; field.
  by positive.
pose d := 1 - N; have d0 : 0 <= d by rewrite /d subr_ge0 ltW.
have d1 : 0 <= 1 - d.
  by have -> : 1 - d = S + T by [rewrite /d NE; ring]; positive.
have S1 : 0 <= 1 - S.
  by have -> : 1 - S = d + T by [rewrite /d /T; ring]; positive.
have k1 : 0 <= 1 - 4%:R * eta * S - eta by cert (5%:R * (5%:R^-1 - eta) + 4%:R * eta * (1 - S)).
have k2 : 0 <= 1 - d * S by cert ((1 - d) + d * (1 - S)).
have k3 : 0 <= 1 / 4%:R - S * T.
  have -> : 1 / 4%:R - S * T = (S - T) ^+ 2 / 4%:R + d * (1 + (1 - d)) / 4%:R by rewrite /d NE; field.
  by positive.
have ST0 : 0 <= 4%:R * d ^+ 2 * S + S * T * (1 + 3%:R * d) by positive.
rewrite -subr_ge0; set X := (X in 0 <= X).
have -> : X = (5%:R^-1 - eta) * eta * (4%:R * d ^+ 2 * S + S * T * (1 + 3%:R * d))
  + d * (1 - 4%:R * eta * S - eta)
  + eta * (4%:R / 5%:R * d * (1 - d * S) + 5%:R^-1 * (1 + 3%:R * d) * (1 / 4%:R - S * T) + 5%:R^-1 + d / 20%:R).
  by rewrite /X /d NE; field.
by positive.
Qed.

(** One epoch multiplies the ratio c_1/c_0 by at most 1 - eta^3 low^2 / 32. S and T are the squares
    of c_0 >= c_1, and |w|^2 = S + T. *)
Lemma epoch_ratio eta S T low :
  let N := S + T in let s := 1 - eta * S in let g := eta * (2%:R - N) in
  let N' := s ^+ 2 * N + (2%:R * s * g + g ^+ 2) * S in
  let s1 := 1 - eta * (s ^+ 2 * T) in let g1 := eta * (2%:R - N') in
  0 <= eta -> eta <= 5%:R^-1 -> 0 <= T -> T <= S ->
  S + T <= 1 + eta / 4%:R -> 0 <= low -> low <= S + T ->
  (s1 + g1) * s <= (1 - eta ^+ 3 * low ^+ 2 / 32%:R) * (s1 * (s + g)).
Proof.
move=> N s g N' s1 g1 e0 e1 T0 TS N1 l0 l1; have e1' : 0 <= 5%:R^-1 - eta by rewrite subr_ge0.
have S0 := le_trans T0 TS; have D0 : 0 <= S - T by rewrite subr_ge0.
have N1' : 0 <= 1 + eta / 4%:R - (S + T) by rewrite subr_ge0.
have S1 : 0 <= 21%:R / 20%:R - S by cert ((1 + eta / 4%:R - (S + T)) + T + (5%:R^-1 - eta) / 4%:R).
have s0 : 0 <= s - 79%:R / 100%:R.
  by rewrite /s; cert (eta * (21%:R / 20%:R - S) + 21%:R / 20%:R * (5%:R^-1 - eta)).
have s0' : 0 <= s by cert ((s - 79%:R / 100%:R) + 79%:R / 100%:R).
have s2 : 0 <= 1 - s by rewrite /s; cert (eta * S).
pose GS := (2%:R - N) * (S - s ^+ 2 * T) + s * S * (4%:R * (1 - N)
  + eta * (4%:R * (1 - N) ^+ 2 + T * (1 + 3%:R * (1 - N)))).
have numE : s1 * (s + g) - (s1 + g1) * s = eta ^+ 2 * GS.
  by rewrite /GS /s1 /g1 /N' /g /s /N; ring.
have G : 0 <= GS - eta * S ^+ 2 / 4%:R.
  case: (lerP N 1) => N2.
    pose d := 1 - N; have d0 : 0 <= d by rewrite /d subr_ge0.
    have -> : GS - eta * S ^+ 2 / 4%:R = (1 + d) * s ^+ 2 * (S - T) + d * (eta * S ^+ 2 * (1 + s))
      + eta * S ^+ 2 * (3%:R / 4%:R + s) + s * S * (4%:R * d + eta * (4%:R * d ^+ 2 + T * (1 + 3%:R * d))).
      by rewrite /GS /d /s /N; field.
    by positive.
  pose d := N - 1; have d0 : 0 <= d by rewrite /d subr_ge0 ltW.
  have e0' : 0 <= eta / 4%:R - d by rewrite /d /N; cert (1 + eta / 4%:R - (S + T)).
  have d1 : 0 <= 1 / 20%:R - d by cert ((eta / 4%:R - d) + (5%:R^-1 - eta) / 4%:R).
  have k1 : 0 <= s * ((1 - d) * (s - eta * S) + 2%:R * d * (eta * S)).
    have h : 0 <= s - eta * S by rewrite /s; cert (2%:R * eta * (21%:R / 20%:R - S) + 21%:R / 10%:R * (5%:R^-1 - eta) + 58%:R / 100%:R).
    have h2 : 0 <= 1 - d by cert ((1 / 20%:R - d) + 19%:R / 20%:R).
    by positive.
  have k2 : 0 <= 3%:R / 4%:R + 2%:R * s - d * (1 + 4%:R * s).
    by cert ((1 / 20%:R - d) * (1 + 4%:R * s) + 7%:R / 10%:R + 9%:R / 5%:R * s).
  have k3 : 0 <= 3%:R / 4%:R - d * (1 / 4%:R + 2%:R * s) - d ^+ 2 * (1 + 4%:R * s).
    by cert ((1 / 20%:R - d) * (1 / 4%:R + 2%:R * s) + (1 / 20%:R - d) * (1 / 20%:R + d) * (1 + 4%:R * s)
      + (1 - s) * (11%:R / 100%:R) + 625%:R / 1000%:R).
  have -> : GS - eta * S ^+ 2 / 4%:R = (S - T) * (s * ((1 - d) * (s - eta * S) + 2%:R * d * (eta * S)))
    + s * S * (4%:R * (eta / 4%:R - d)) + 4%:R * s * S * eta * d ^+ 2
    + eta * S / 2%:R * ((3%:R / 4%:R - d * (1 / 4%:R + 2%:R * s) - d ^+ 2 * (1 + 4%:R * s))
       + (S - T) * (3%:R / 4%:R + 2%:R * s - d * (1 + 4%:R * s))).
    by rewrite /GS /d /s /N; field.
  by positive.
have bound : 0 <= 7%:R / 5%:R - s1 * (s + g).
  have N0 : 0 <= N by rewrite /N; positive.
  have g0 : 0 <= g.
    rewrite /g /N; cert (eta * ((1 + eta / 4%:R - (S + T)) + (5%:R^-1 - eta) / 4%:R + 19%:R / 20%:R)).
  have h1 : 0 <= 7%:R / 5%:R - (s + g).
    by rewrite /g; cert ((1 - s) + 2%:R * (5%:R^-1 - eta) + eta * N).
  have h2 : 0 <= 1 - s1 by rewrite /s1; cert (eta * (s ^+ 2 * T)).
  have sg : 0 <= s + g by positive.
  by cert ((7%:R / 5%:R - (s + g)) + (1 - s1) * (s + g)).
have low2 : 0 <= 4%:R * S ^+ 2 - low ^+ 2.
  have h : 0 <= 2%:R * S - low by cert ((S + T - low) + (S - T)).
  by cert ((2%:R * S - low) * (2%:R * S + low)).
rewrite -subr_ge0; set X := (X in 0 <= X).
have -> : X = eta ^+ 2 * (GS - eta * S ^+ 2 / 4%:R) + eta ^+ 3 * low ^+ 2 / 32%:R * (7%:R / 5%:R - s1 * (s + g))
  + eta ^+ 3 / 32%:R * (7%:R / 5%:R) * (4%:R * S ^+ 2 - low ^+ 2) + eta ^+ 3 * S ^+ 2 * (3%:R / 40%:R).
  have -> : X = (s1 * (s + g) - (s1 + g1) * s) - eta ^+ 3 * low ^+ 2 / 32%:R * (s1 * (s + g)) by rewrite /X; ring.
  rewrite numE; have gen (A B : R) : eta ^+ 2 * B - eta ^+ 3 * low ^+ 2 / 32%:R * A =
    eta ^+ 2 * (B - eta * S ^+ 2 / 4%:R) + eta ^+ 3 * low ^+ 2 / 32%:R * (7%:R / 5%:R - A)
    + eta ^+ 3 / 32%:R * (7%:R / 5%:R) * (4%:R * S ^+ 2 - low ^+ 2) + eta ^+ 3 * S ^+ 2 * (3%:R / 40%:R)
    by field.
  exact: gen.
by positive.
Qed.
End Scalar.

Section Cyclic.
Variables (R : rcfType) (n : nat) (kind : activation) (a : 'I_2 -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Local Notation others := (others kind a).
Variable eta : R.
Hypotheses (eta0 : 0 < eta) (eta1 : eta <= 5%:R^-1).

Definition i0 : 'I_2 := ord0.
Definition i1 : 'I_2 := ord_max.
Definition single (i : 'I_2) : batch 2 1 := exist _ [set i] (introT eqP (cards1 i)).
Local Notation next i := (@FarOut.sgd R 2 n 1 kind a eta (single i)).

Let b0 : (0 < 1)%N. Proof. by []. Qed.
Let bm : (1 < 2)%N. Proof. by []. Qed.
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let al1 : eta / 1%:R <= 5%:R^-1. Proof. by rewrite divr1. Qed.
Let eta1' : 0 <= 5%:R^-1 - eta. Proof. by rewrite subr_ge0. Qed.

Lemma in_single i j : (j \in val (single i)) = (j == i).
Proof. by rewrite inE. Qed.

Lemma not_i0 (i : 'I_2) : (i != i0) = (i == i1).
Proof. by case: i => [[|[]]]. Qed.

Lemma others_two w : others i0 w = phi (c w i1) ^+ 2.
Proof. by rewrite /Ending.others (eq_bigl (fun i => i == i1)) ?big_pred1_eq // => i; exact: not_i0. Qed.
Lemma spread_two w : spread i0 w = root i0 i1 w.
Proof. by rewrite /Assemble.spread (eq_bigl (fun i => i == i1)) ?big_pred1_eq // => i; exact: not_i0. Qed.
Lemma energy_two w : C w = phi (c w i0) ^+ 2 + phi (c w i1) ^+ 2.
Proof. by rewrite (energy_others kind a i0) others_two. Qed.

Section Step.
Variables (w : 'rV[R]_n) (i : 'I_2).
Hypothesis N1 : N w <= 21%:R / 20%:R.
Definition sh : R := 1 - eta * phi (c w i) ^+ 2.
Definition gn : R := eta * (2%:R - N w).

Lemma batch_energy_one : batch_energy kind a (val (single i)) w = phi (c w i) ^+ 2.
Proof. by rewrite /batch_energy big_set1. Qed.

Lemma factor_one j : factor kind a eta w (single i) j = (if j == i then sh + gn else sh).
Proof. by rewrite /factor in_single /shrink /gain batch_energy_one (card_batch (single i)) divr1. Qed.

Lemma phi_one j : phi (c (next i w) j) = (if j == i then sh + gn else sh) * phi (c w j).
Proof. by rewrite (sgd_phi kind a_orth eta0 al1 (single i) N1) factor_one. Qed.

Lemma sqnorm_one : N (next i w) =
  sh ^+ 2 * N w + (2%:R * sh * gn + gn ^+ 2) * phi (c w i) ^+ 2.
Proof.
by rewrite /FarOut.sgd (sqnorm_step kind a_orth) /shrink /gain batch_energy_one (card_batch (single i)) divr1.
Qed.

Lemma rest_one : rest w = 0 -> rest (next i w) = 0.
Proof. by move=> r0; rewrite (sgd_rest kind a_orth eta_ge0 al1) // r0 mulr0. Qed.
End Step.

(** ** Epochs *)
Definition epoch w := next i1 (next i0 w).

Variable low : R.
Hypotheses (low0 : 0 < low) (low1 : low <= 9%:R / 10%:R).
Definition good w := [/\ N w <= 1 + eta / 4%:R, rest w = 0,
  0 < phi (c w i1) /\ phi (c w i1) <= phi (c w i0) & low <= C w].
Definition kap : R := eta ^+ 3 * low ^+ 2 / 32%:R.

Lemma kap_gt0 : 0 < kap.
Proof. by rewrite /kap divr_gt0 ?ltr0n // mulr_gt0 // exprn_gt0. Qed.
Lemma kap_le : kap <= eta / 100%:R.
Proof.
have l1 : 0 <= 1 - low by cert ((9%:R / 10%:R - low) + 1 / 10%:R).
have l0 := ltW low0; have e0 := eta_ge0; have e1 := eta1'.
rewrite /kap; cert (eta * (5%:R^-1 - eta) * (5%:R^-1 + eta) / 32%:R + eta ^+ 3 / 32%:R * (1 - low) * (1 + low)
  + eta * (7%:R / 800%:R)).
Qed.

Lemma norm_small w : N w <= 1 + eta / 4%:R -> N w <= 21%:R / 20%:R.
Proof. by move=> h; apply: le_trans h _; have e1 := eta1'; cert ((5%:R^-1 - eta) / 4%:R). Qed.

Lemma norm_next i w : N w <= 1 + eta / 4%:R -> N (next i w) <= 1 + eta / 4%:R.
Proof.
move=> h; rewrite sqnorm_one; apply: norm_kept => //; first exact: sqr_ge0.
rewrite -batch_energy_one; exact: batch_energy_le.
Qed.

Section OneEpoch.
Variable w : 'rV[R]_n.
Hypothesis w_good : good w.
Let N1 : N w <= 21%:R / 20%:R. Proof. by case: w_good => h _ _ _; exact: norm_small. Qed.
Let N2 : N (next i0 w) <= 21%:R / 20%:R.
Proof. by case: w_good => h _ _ _; apply: norm_small; exact: norm_next. Qed.
Let x0 : 0 < phi (c w i0).
Proof. by case: w_good => _ _ [h1 h2] _; exact: lt_le_trans h1 h2. Qed.

Local Notation s := (sh w i0).
Local Notation g := (gn w).
Local Notation s1 := (sh (next i0 w) i1).
Local Notation g1 := (gn (next i0 w)).

Lemma signs : [/\ 0 < s, 0 < s + g, 0 < s1 & 0 < s1 + g1].
Proof.
have f i j v : N v <= 21%:R / 20%:R -> 0 < (if j == i then sh v i + gn v else sh v i).
  by move=> h; rewrite -factor_one; exact: factor_gt0.
split; [exact: (f i0 i1 w) | exact: (f i0 i0 w) | exact: (f i1 i0) | exact: (f i1 i1)].
Qed.

Lemma ratio_le : (s1 + g1) * s <= (1 - kap) * (s1 * (s + g)).
Proof.
have [h r0 [y0 yx] lw] := w_good.
have NE : N w = phi (c w i0) ^+ 2 + phi (c w i1) ^+ 2.
  by rewrite -energy_two; apply/eqP; rewrite -subr_eq0 -/(Definitions.rest kind a w) r0.
have y0' := ltW y0; have x0' := ltW x0.
have := @epoch_ratio R eta (phi (c w i0) ^+ 2) (phi (c w i1) ^+ 2) low eta_ge0 eta1 (sqr_ge0 _)
  (sqr_le_of_abs y0' yx).
rewrite -NE => /(_ h (ltW low0)).
rewrite NE -energy_two => /(_ lw); rewrite energy_two -NE.
have s1E : s1 = 1 - eta * (s ^+ 2 * phi (c w i1) ^+ 2) by rewrite {1}/sh phi_one //= exprMn.
have g1E : g1 = eta * (2%:R - (s ^+ 2 * N w + (2%:R * s * g + g ^+ 2) * phi (c w i0) ^+ 2)).
  by rewrite {1}/gn sqnorm_one.
by rewrite s1E g1E; exact.
Qed.

Lemma epoch_phi : phi (c (epoch w) i0) = s1 * (s + g) * phi (c w i0) /\
  phi (c (epoch w) i1) = (s1 + g1) * s * phi (c w i1).
Proof. by rewrite /epoch !phi_one // !mulrA. Qed.

Lemma epoch_good : good (epoch w).
Proof.
have [h r0 [y0 yx] lw] := w_good; have [s0 sg0 s10 sg10] := signs; have [e0 e1] := epoch_phi.
have h' := norm_next i0 h; split; first exact: norm_next.
- by apply: rest_one => //; exact: rest_one.
- rewrite e0 e1; split; first by rewrite !mulr_gt0.
  have le1 := ratio_le; have k0 := ltW kap_gt0; have x0' := ltW x0.
  have p0 : 0 <= s1 * (s + g) by rewrite mulr_ge0 // ltW.
  have y0' := ltW y0; move: (s1 * (s + g)) ((s1 + g1) * s) le1 p0 => A B le1 p0.
  by cert (((1 - kap) * A - B) * phi (c w i1) + kap * A * phi (c w i1) + A * (phi (c w i0) - phi (c w i1))).
by apply: sgd_level => //; exact: sgd_level.
Qed.

(** The root of c_1/c_0 shrinks. *)
Lemma epoch_root : root i0 i1 (epoch w) <= (1 - kap / 2%:R) * root i0 i1 w.
Proof.
have [s0 sg0 s10 sg10] := signs.
rewrite /epoch !(root_step kind a_orth eta_ge0 al1) // !factor_one /= mulrA.
have r0 := root_ge0 kind a i0 i1 w; rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
rewrite -sqrtrM; last by rewrite mulr_ge0 ?invr_ge0 // ltW.
set z := _ / s1 * _; have z0 : 0 <= z by rewrite /z !mulr_ge0 ?invr_ge0 // ltW.
apply: le_trans (sqrt_le z0) _.
have zE : z = ((s1 + g1) * s) / (s1 * (s + g)) by rewrite /z; field; rewrite !gt_eqF.
have p0 : 0 < s1 * (s + g) by rewrite mulr_gt0.
have z1 : 0 <= (1 - kap) - z.
  rewrite zE; have -> : (1 - kap) - (s1 + g1) * s / (s1 * (s + g)) =
     ((1 - kap) * (s1 * (s + g)) - (s1 + g1) * s) / (s1 * (s + g)).
    by move: (s1 * (s + g)) p0 => A A0; field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?invr_ge0 ?(ltW p0) // subr_ge0 ratio_le.
by move: z z1 {zE z0} => z z1; cert (((1 - kap) - z) / 2%:R).
Qed.
End OneEpoch.

Lemma level9 i w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> 9%:R / 10%:R <= C (next i w).
Proof. by move=> N1; exact: (sgd_level a_orth eta0 al1 (single i) N1 (lexx _)). Qed.

Lemma good_lead w : good w -> lead i0 w.
Proof. by case=> _ _ [h1 h2] _; rewrite /Assemble.lead gt_eqF // (lt_le_trans h1 h2). Qed.

Lemma good_top w j : good w -> `|phi (c w j)| <= `|phi (c w i0)|.
Proof.
case=> _ _ [h1 h2] _; have x0 := lt_le_trans h1 h2; rewrite (gtr0_norm x0).
case: (eqVneq j i0) => [->|]; first by rewrite (gtr0_norm x0) lexx.
by rewrite not_i0 => /eqP ->; rewrite (gtr0_norm h1).
Qed.

(** ** The first phase: the energy rises to 9/10 *)
Definition gain1 : R := eta * (low / 2%:R) / 10%:R.
Lemma gain1_gt0 : 0 < gain1.
Proof. by rewrite /gain1 divr_gt0 ?ltr0n // mulr_gt0 // divr_gt0 ?ltr0n. Qed.

Lemma epoch_energy w : good w -> 9%:R / 10%:R <= C (epoch w) \/ C w + gain1 <= C (epoch w).
Proof.
move=> gw; have [h _ _ lw] := gw; have N1 := norm_small h; have N2 := norm_small (norm_next i0 h).
case: (lerP (9%:R / 10%:R) (C w)) => [big|/ltW small].
  by left; apply: level9 => //; exact: level9.
have in0 : i0 \in val (single i0) by rewrite in_single.
have up := energy_gain a_orth eta0 al1 b0 bm N1 in0 (fun j => good_top j gw) (ltW low0) lw small.
rewrite divr1 -/gain1 in up.
case: (lerP (C w + gain1) (9%:R / 10%:R)) => [le9|/ltW ge9].
  by right; apply: sgd_level.
by left; apply: level9 => //; exact: le_trans ge9 up.
Qed.

Lemma epochs_good k w : good w -> good (iter k epoch w).
Proof. by move=> gw; elim: k => // k IH; exact: epoch_good. Qed.

Lemma energy_high w : good w -> 9%:R / 10%:R <= C w -> 9%:R / 10%:R <= C (epoch w).
Proof.
move=> gw big; have [h _ _ lw] := gw; have N1 := norm_small h; have N2 := norm_small (norm_next i0 h).
by apply: level9 => //; exact: level9.
Qed.

Lemma epochs_energy k w : good w ->
  9%:R / 10%:R <= C (iter k epoch w) \/ k%:R * gain1 <= C (iter k epoch w).
Proof.
move=> gw; elim: k => [|k IH]; first by right; rewrite mul0r; exact: energy_ge0.
have gk := epochs_good k gw; case: IH => [big|up]; first by left; exact: energy_high.
rewrite iterS; case: (epoch_energy gk) => [|up2]; [by left | right].
apply: le_trans up2; rewrite -addn1 natrD; by cert (C (iter k epoch w) - k%:R * gain1).
Qed.

Lemma epochs_root k w : good w -> root i0 i1 (iter k epoch w) <= (1 - kap / 2%:R) ^+ k.
Proof.
move=> gw; have k0 := kap_gt0; have k1 := kap_le; have e1 := eta1'.
have q0 : 0 <= 1 - kap / 2%:R.
  by move: kap k1 => K k1; cert ((eta / 100%:R - K) / 2%:R + (5%:R^-1 - eta) / 200%:R + 999%:R / 1000%:R).
elim: k => [|k IH].
  by rewrite expr0; apply: root_le1; [exact: good_lead | exact: good_top].
rewrite iterS exprS; apply: le_trans (epoch_root (epochs_good k gw)) _.
by apply: mul_le; rewrite ?root_ge0 ?lexx.
Qed.

(** ** The second phase *)
Definition settled_in w := [/\ good w, 9%:R / 10%:R <= C w & spread i0 w <= 1 / 2%:R].
Definition gap2 w : R := spread i0 w + kap * miss w.

Lemma spread_next0 w : N w <= 21%:R / 20%:R -> spread i0 (next i0 w) <= spread i0 w.
Proof.
move=> N1; rewrite !spread_two; have in0 : i0 \in val (single i0) by rewrite in_single.
apply: le_trans (root_in kind a_orth eta0 al1 b0 N1 i1 in0) _.
have r0 := root_ge0 kind a i0 i1 w; have [_ t1] := theta_bounds eta0 b0.
rewrite in_single /=; rewrite -subr_ge0 -[X in X - _]mul1r -mulrBl mulr_ge0 // subr_ge0; exact: ltW.
Qed.

Lemma miss_half w : settled_in w ->
  [/\ N (next i0 w) <= 21%:R / 20%:R, lead i0 (next i0 w), spread i0 (next i0 w) <= spread i0 w &
      miss (next i0 w) <= (1 - eta / 4%:R) * miss w + eta / 6%:R * spread i0 w].
Proof.
case=> gw C1 sm; have [h _ _ _] := gw; have N1 := norm_small h; have lw := good_lead gw.
have in0 : i0 \in val (single i0) by rewrite in_single.
split; [exact: norm_small (norm_next i0 h) | exact: sgd_lead | exact: spread_next0 |].
have := miss_in a_orth eta_ge0 al1 N1 C1 (others_far a_orth N1 lw sm) in0; rewrite divr1 => up.
apply: le_trans up _; have E1 := others_le a_orth N1 lw sm; have y0 := spread_ge0 kind a i0 w.
have e0 := eta_ge0.
by cert (eta * (21%:R / 160%:R * spread i0 w - others i0 w) + eta * spread i0 w * (17%:R / 480%:R)).
Qed.

Lemma epoch_settled w : settled_in w ->
  settled_in (epoch w) /\ gap2 (epoch w) <= (1 - kap / 4%:R) * gap2 w.
Proof.
move=> sw; have [gw C1 sm] := sw; have [N2 l2 s2 m2] := miss_half sw.
have [h _ _ _] := gw; have N1 := norm_small h.
have k0 := ltW kap_gt0; have k1 := kap_le; have y0 := spread_ge0 kind a i0 w.
have z0 := miss_ge0 kind a_orth w; have e0 := eta_ge0; have e1 := eta1'.
have ys : spread i0 (epoch w) <= (1 - kap / 2%:R) * spread i0 w.
  by rewrite !spread_two; exact: epoch_root.
have sm2 : spread i0 (next i0 w) <= 1 / 2%:R by exact: (le_trans s2 sm).
have C2 : 9%:R / 10%:R <= C (next i0 w) by exact: level9.
have out0 : i0 \notin val (single i1) by rewrite in_single.
have mo := miss_out a_orth eta_ge0 al1 N2 C2 (others_far a_orth N2 l2 sm2) out0; rewrite divr1 in mo.
have E2 := others_le a_orth N2 l2 sm2.
split.
  split; [exact: epoch_good | exact: energy_high |].
  apply: le_trans ys _; by cert ((1 / 2%:R - spread i0 w) + kap / 2%:R * spread i0 w).
rewrite /gap2 -/(epoch w) in mo *.
move: (spread i0 (epoch w)) (miss (epoch w)) (spread i0 (next i0 w)) (miss (next i0 w)) (others i0 (next i0 w))
  (spread i0 w) (miss w) y0 z0 ys s2 m2 mo E2 => Y2 Z2 Y1 Z1 E1 Y Z y0 z0 ys s2 m2 mo E2.
move: kap k0 k1 ys => K k0 k1 ys.
cert (((1 - K / 2%:R) * Y - Y2) + K * (Z1 + eta * E1 - Z2) + K * ((1 - eta / 4%:R) * Z + eta / 6%:R * Y - Z1)
  + K * eta * (21%:R / 160%:R * Y1 - E1) + K * eta * (21%:R / 160%:R) * (Y - Y1)
  + K / 4%:R * Z * (eta / 100%:R - K) + K * eta * Z * (99%:R / 400%:R)
  + K * Y * (143%:R / 480%:R * (5%:R^-1 - eta) + 457%:R / 2400%:R)).
Qed.

Lemma epochs_settled k w : settled_in w ->
  settled_in (iter k epoch w) /\ gap2 (iter k epoch w) <= (1 - kap / 4%:R) ^+ k * gap2 w.
Proof.
move=> sw; elim: k => [|k [IH1 IH2]]; first by rewrite expr0 mul1r lexx.
have [h1 h2] := epoch_settled IH1; split=> //; apply: le_trans h2 _.
rewrite exprS -mulrA -subr_ge0 -mulrBr mulr_ge0 ?subr_ge0 //.
have k1 := kap_le; have e1 := eta1'; move: kap k1 => K k1.
by cert ((eta / 100%:R - K) / 4%:R + (5%:R^-1 - eta) / 400%:R + 1999%:R / 2000%:R).
Qed.

(** ** The limit *)
Hypothesis arch : archimedean R.

Lemma reach_settled w : good w -> exists K, settled_in (iter K epoch w).
Proof.
move=> gw; have g0 := gain1_gt0; have k0 := kap_gt0; have k1 := kap_le; have e1 := eta1'.
have q0 : 0 <= 1 - kap / 2%:R.
  by move: kap k1 => K k1; cert ((eta / 100%:R - K) / 2%:R + (5%:R^-1 - eta) / 200%:R + 999%:R / 1000%:R).
have q1 : 1 - kap / 2%:R < 1 by rewrite -subr_gt0 opprB addrC subrK divr_gt0 ?ltr0n.
have half : 0 < 1 / 2%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have [T small] := geometric_small arch q0 q1 ler01 half; rewrite mulr1 in small.
have [k big] := arch (9%:R / 10%:R / gain1).
exists (k + T)%N; split; first exact: epochs_good.
  case: (epochs_energy (k + T) gw) => // up; apply: le_trans up.
  have e : 9%:R / 10%:R = 9%:R / 10%:R / gain1 * gain1 by rewrite divfK // gt_eqF.
  move: (9%:R / 10%:R / gain1) e big => x e xk.
  apply: (@le_trans _ _ (x * gain1)); first by rewrite -e lexx.
  rewrite natrD; move: gain1 g0 {e} => G g0; have g0' := ltW g0; have T0 : 0 <= T%:R :> R by rewrite ler0n.
  by cert ((k%:R - x) * G + T%:R * G).
rewrite spread_two; apply: le_trans (epochs_root _ gw) _; apply: le_trans small.
rewrite exprD -[X in _ <= X]mul1r; apply: mul_le; rewrite ?exprn_ge0 ?lexx //.
by apply: exprn_ile1 => //; exact: ltW.
Qed.

(** The run, one step at a time: step t uses the point t mod 2. *)
Fixpoint cyclic t (w : 'rV[R]_n) : 'rV[R]_n :=
  if t is t'.+1 then step kind a eta [set (if odd t' then i1 else i0)] (cyclic t' w) else w.

Lemma cyclic_even k w : cyclic k.*2 w = iter k epoch w.
Proof.
elim: k => // k IH; rewrite doubleS iterS /= odd_double /= IH.
by rewrite /epoch.
Qed.

Lemma cyclic_odd k w : cyclic k.*2.+1 w = next i0 (iter k epoch w).
Proof. by rewrite /= odd_double cyclic_even. Qed.

Lemma near_even w : settled_in w -> N (w - a i0) <= miss w + spread i0 w.
Proof.
case=> gw C1 sm; have [h _ [y0 yx] _] := gw; have N1 := norm_small h; have lw := good_lead gw.
have x0 := lt_le_trans y0 yx; have pE : phi (c w i0) = c w i0 by apply: phi_active; rewrite gt_eqF.
have := close_point a_orth N1 lw sm; rewrite -pE gtr0_sg // scale1r; exact.
Qed.

Lemma near_odd w : settled_in w -> N (next i0 w - a i0) <= miss w + 2%:R * spread i0 w.
Proof.
move=> sw; have [gw C1 sm] := sw; have [N2 l2 s2 m2] := miss_half sw.
have [h _ [y0 yx] _] := gw; have N1 := norm_small h; have x0 := lt_le_trans y0 yx.
have pE : phi (c (next i0 w) i0) = c (next i0 w) i0 by exact: phi_active.
have x2 : 0 < phi (c (next i0 w) i0).
  by rewrite phi_one // eqxx mulr_gt0 //; have [] := signs gw.
have := close_point a_orth N2 l2 (le_trans s2 sm); rewrite -pE gtr0_sg // scale1r => near.
apply: le_trans near _; have z0 := miss_ge0 kind a_orth w; have s0 := spread_ge0 kind a i0 w.
have e0 := eta_ge0; have e1 := eta1'.
by cert (((1 - eta / 4%:R) * miss w + eta / 6%:R * spread i0 w - miss (next i0 w)) + eta / 4%:R * miss w
  + (spread i0 w - spread i0 (next i0 w)) + (5%:R^-1 - eta) / 6%:R * spread i0 w + 29%:R / 30%:R * spread i0 w).
Qed.

Theorem cyclic_converges w e : good w -> 0 < e ->
  exists T, forall t, (T <= t)%N -> N (cyclic t w - a i0) <= e.
Proof.
move=> gw e0; have [K sK] := reach_settled gw.
have k0 := kap_gt0; have k1 := kap_le; have e1 := eta1'.
have q0 : 0 <= 1 - kap / 4%:R.
  by move: kap k1 => L k1; cert ((eta / 100%:R - L) / 4%:R + (5%:R^-1 - eta) / 400%:R + 1999%:R / 2000%:R).
have q1 : 1 - kap / 4%:R < 1 by rewrite -subr_gt0 opprB addrC subrK divr_gt0 ?ltr0n.
set v := iter K epoch w in sK.
have G0 u : 0 <= gap2 u.
  by have := spread_ge0 kind a i0 u; have := miss_ge0 kind a_orth u; have k0' := ltW k0;
     move=> h1 h2; rewrite /gap2; positive.
have e2 : 0 < e * kap / 2%:R by rewrite divr_gt0 ?ltr0n // mulr_gt0.
have [T small] := geometric_small arch q0 q1 (G0 v) e2.
exists (K + T).*2 => t tT.
have even k : (K + T <= k)%N -> settled_in (iter k epoch w) /\ gap2 (iter k epoch w) <= e * kap / 2%:R.
  move=> kT; have kE : k = ((k - (K + T)) + T + K)%N by rewrite -addnA (addnC T) subnK.
  rewrite kE iterD -/v; have [h1 h2] := epochs_settled ((k - (K + T)) + T) sK; split=> //.
  apply: le_trans h2 _; apply: le_trans small; rewrite exprD -mulrA -[X in _ <= X]mul1r.
  apply: mul_le; rewrite ?exprn_ge0 ?lexx // ?mulr_ge0 ?exprn_ge0 //.
  by apply: exprn_ile1 => //; exact: ltW.
have kT : (K + T <= t./2)%N by rewrite -[X in (X <= _)%N]doubleK half_leq.
have [h1 h2] := even _ kT; set u := iter _ epoch w in h1 h2.
have final : miss u + 2%:R * spread i0 u <= e.
  have y0 := spread_ge0 kind a i0 u; have z0 := miss_ge0 kind a_orth u; have k0' := ltW k0.
  have k2 : 0 <= 1 - kap by move: kap k1 => L k1; cert ((eta / 100%:R - L) + (5%:R^-1 - eta) / 100%:R + 499%:R / 500%:R).
  have ki : 0 <= kap^-1 by rewrite invr_ge0.
  have le2 : kap * (miss u + 2%:R * spread i0 u) <= kap * e.
    move: h2; rewrite /gap2; move: kap k0' k2 (miss u) (spread i0 u) y0 z0 {ki k0 k1 q0 q1 e2 small even gw sK h1 G0}.
    move=> L k0' k2 Z Y y0 z0 h2.
    by cert (2%:R * (e * L / 2%:R - (Y + L * Z)) + L * Z + 2%:R * (1 - L) * Y).
  by move: le2; rewrite -subr_ge0 -mulrBr pmulr_rge0 // subr_ge0.
have y0 := spread_ge0 kind a i0 u.
rewrite -(odd_double_half t); case: (odd t); rewrite ?add1n ?add0n.
  by rewrite cyclic_odd; apply: le_trans (near_odd h1) _.
rewrite cyclic_even; apply: le_trans (near_even h1) _; apply: le_trans final; by cert (spread i0 u).
Qed.
End Cyclic.
