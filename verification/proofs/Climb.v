(** From every state with C >= 9/10 that a run can reach, T steps bring the functional low with a chance
    that can be computed. Fix the strongest point l of that state. A batch that has l and not j
    multiplies the root of |c_j/c_l| by at most [omitted], one that has j and not l by at most
    [raised], others leave it alone; whether l stays the strongest point does not matter. So the mean of
    the sum of the roots over all batches with a given pattern of having l or not is bounded by a
    product, and the number of batches with l is binomial. Markov's inequality is built in: the mean of
    min(functional, 1/2) over all batches is bounded step by step, for any set of counts of l. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Reach Converge Noise Geometric Sharper Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Climb.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).
Local Notation d := (drift_rate m b eta).
Local Notation p := (in_batch R m b).
Local Notation rin := (with_leader m b eta).
Local Notation rout := (without_leader m b eta).
Variable i0 : 'I_m.
Local Notation distance := (distance b kind a eta i0).
Local Notation U := (U distance (1 / 2%:R)).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let bm' : (b <= m)%N. Proof. exact: ltnW. Qed.
Let al_gt0 : 0 < al. Proof. exact: al_pos. Qed.
Let al_ge0 : 0 <= al. Proof. exact: ltW al_gt0. Qed.
Let batch0 : (0 < #|{: batch}|)%N. Proof. exact: some_batches. Qed.

Lemma settle_lt1 : 1 - settle_rate m b eta < 1.
Proof.
rewrite -subr_gt0 opprB addrC subrK /settle_rate mulr_gt0 ?(drift_gt0 eta0 b0 bm) //.
by rewrite divr_gt0 // ltr0n.
Qed.

Lemma miss_le1 (v : 'rV[R]_n) : N v <= 21%:R / 20%:R -> 9%:R / 10%:R <= C v -> miss v <= 1.
Proof.
move=> N1 Cv; have C2 : C v <= 21%:R / 20%:R := le_trans (energy_le kind a_orth v) N1.
have x1 : `|1 - C v| <= 1 / 10%:R.
  apply: norm_bounds; first by cert (C v - 9%:R / 10%:R).
  by cert ((21%:R / 20%:R - C v) + 1 / 20%:R).
rewrite /Ending.miss /Definitions.rest; move: `|1 - C v| x1 => x x1.
by cert (4%:R * (21%:R / 20%:R - N v) + 4%:R * (C v - 9%:R / 10%:R) + (1 / 10%:R - x) + 3%:R / 10%:R).
Qed.

(** ** The two factors *)
Let z1 : R := 19%:R / 20%:R * al / (1 + 19%:R / 20%:R * al).
Let z2 : R := 11%:R / 10%:R * al / (1 - 9%:R / 10%:R * al).

Lemma z1_bounds : 0 < z1 /\ z1 <= 1 / 2%:R.
Proof.
have h := al_gt0; have a1 := al1; rewrite /z1; move: (eta / b%:R) h a1 => A h a1.
have x0 : 0 < 19%:R / 20%:R * A by rewrite mulr_gt0 // divr_gt0 ?ltr0n.
have x1 : 19%:R / 20%:R * A <= 1.
  by have h' := ltW h; cert (19%:R / 20%:R * (5%:R^-1 - A) + 81%:R / 100%:R).
move: (19%:R / 20%:R * A) x0 x1 => x x0 x1; have d0 : 0 < 1 + x by rewrite addr_gt0 ?ltr01.
split; first by rewrite divr_gt0.
have di : 0 <= (1 + x)^-1 by rewrite invr_ge0 ltW.
rewrite -subr_ge0; have -> : 1 / 2%:R - x / (1 + x) = (1 - x) / 2%:R / (1 + x) by field; rewrite gt_eqF.
by have x1' : 0 <= 1 - x by [rewrite subr_ge0]; positive.
Qed.

Lemma den2 : 0 < 1 - 9%:R / 10%:R * al.
Proof.
apply: (@lt_le_trans _ _ (82%:R / 100%:R)); first by rewrite divr_gt0 ?ltr0n.
have a1 := al1; move: (eta / b%:R) a1 => A a1.
by cert (9%:R / 10%:R * (5%:R^-1 - A)).
Qed.

Lemma z2_bounds : 0 <= z2 /\ z2 <= 1 / 2%:R.
Proof.
have h := al_ge0; have a1 := al1; have d0 := den2; rewrite /z2; move: (eta / b%:R) h a1 d0 => A h a1.
have x1 : 0 <= 1 - 31%:R / 10%:R * A by cert (31%:R / 10%:R * (5%:R^-1 - A) + 19%:R / 50%:R).
have -> : 1 - 9%:R / 10%:R * A = (1 - 31%:R / 10%:R * A) + 22%:R / 10%:R * A by field.
have -> : 11%:R / 10%:R * A = 22%:R / 10%:R * A / 2%:R by field.
have y0 : 0 <= 22%:R / 10%:R * A by positive.
move: (1 - _) (22%:R / 10%:R * A) x1 y0 => x y x0 y0 d0.
have di : 0 <= (x + y)^-1 by rewrite invr_ge0 ltW.
split; first by positive.
rewrite -subr_ge0; have -> : 1 / 2%:R - y / 2%:R / (x + y) = x / 2%:R / (x + y) by field; rewrite gt_eqF.
by positive.
Qed.

Lemma omitted_bounds : 0 <= omitted b eta /\ omitted b eta < 1.
Proof.
have [h0 h1] := z1_bounds; have oE : omitted b eta = 1 - z1 / 2%:R - z1 ^+ 2 / 10%:R by [].
rewrite oE; move: z1 h0 h1 => z h0 h1; have h0' := ltW h0; have h1' : 0 <= 1 / 2%:R - z by rewrite subr_ge0.
split.
  have -> : 1 - z / 2%:R - z ^+ 2 / 10%:R = (1 / 2%:R - z) / 2%:R + (1 / 2%:R - z) * z / 10%:R
    + (1 / 2%:R - z) / 20%:R + 29%:R / 40%:R by field.
  by positive.
rewrite -subr_gt0; apply: (@lt_le_trans _ _ (z / 2%:R)); first by rewrite divr_gt0 ?ltr0n.
by cert (z ^+ 2 / 10%:R).
Qed.

Lemma raised_ge0 : 0 <= raised b eta.
Proof.
have [h0 h1] := z2_bounds; have oE : raised b eta = 1 + z2 / 2%:R - z2 ^+ 2 / 10%:R by [].
rewrite oE; move: z2 h0 h1 => z h0 h1; have h1' : 0 <= 1 / 2%:R - z by rewrite subr_ge0.
have -> : 1 + z / 2%:R - z ^+ 2 / 10%:R = 1 + z * (1 / 2%:R - z) / 10%:R + 9%:R / 20%:R * z by field.
by positive.
Qed.

Lemma rin_bounds : 0 <= rin /\ rin < 1.
Proof.
have [t0 t1] := omitted_bounds; have h1 := m1_pos R b0 bm; have h2 := mb_pos R bm.
have h3 := b1_ge0 R b0; have i1 : 0 <= (m%:R - 1)^-1 :> R by rewrite invr_ge0 ltW.
have h2' := ltW h2; rewrite /with_leader; have t1' := ltW t1.
split; first by positive.
rewrite -subr_gt0; have -> : 1 - (b%:R - 1 + (m%:R - b%:R) * omitted b eta) / (m%:R - 1) =
  (m%:R - b%:R) * (1 - omitted b eta) / (m%:R - 1) by field; rewrite gt_eqF.
by rewrite divr_gt0 // mulr_gt0 // subr_gt0.
Qed.

Lemma rout_ge0 : 0 <= rout.
Proof.
have t0 := raised_ge0; have h1 := m1_pos R b0 bm; have h3 := ltW (b_pos R b0).
have h2 : 0 <= m%:R - 1 - b%:R :> R.
  by rewrite subr_ge0 -(natrB _ (ltnW (m_big b0 bm))) ler_nat -ltnS subn1 prednK // ltnW ?(m_big b0 bm).
have i1 : 0 <= (m%:R - 1)^-1 :> R by rewrite invr_ge0 ltW.
by rewrite /without_leader; positive.
Qed.

Section Roots.
Variables (v : 'rV[R]_n) (o : batch).
Hypothesis N1 : N v <= 21%:R / 20%:R.
Local Notation f := (factor kind a eta v o).
Variables l j : 'I_m.

Let fl : 0 < f l. Proof. exact: factor_gt0. Qed.
Let fj : 0 < f j. Proof. exact: factor_gt0. Qed.
Let sh0 : 0 < shrink kind a eta (val o) v.
Proof. by have [] := factors kind a_orth eta_ge0 al1 N1 o. Qed.

Lemma root_at (x t : R) : f j / f l <= 1 + x -> - (1 / 2%:R) <= x -> x <= 1 / 2%:R ->
  t = 1 + x / 2%:R - x ^+ 2 / 10%:R -> root l j (sgd o v) <= t * root l j v.
Proof.
move=> fx x0 x1 tE; have r0 := root_ge0 kind a l j v.
rewrite (root_step kind a_orth eta_ge0 al1) // -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
apply: (@le_trans _ _ (Num.sqrt (1 + x))); first exact: ler_wsqrtr.
rewrite tE; apply: root_le => //; first exact: sqrtr_ge0.
rewrite sqr_sqrtr //; have x0' : 0 <= x + 1 / 2%:R by cert (x - - (1 / 2%:R)).
have -> : 1 + x = (x + 1 / 2%:R) + 1 / 2%:R by field.
by positive.
Qed.

Lemma root_same : (l \in val o) = (j \in val o) -> root l j (sgd o v) <= 1 * root l j v.
Proof.
move=> lj; apply: (@root_at 0).
- have -> : f j = f l by rewrite /factor lj.
  by rewrite divff ?gt_eqF // addr0 lexx.
- by rewrite oppr_le0 divr_ge0 ?ler01 ?ler0n.
- by rewrite divr_ge0 ?ler01 ?ler0n.
by rewrite mul0r expr0n /= mul0r subr0 addr0.
Qed.

Lemma root_omitted : l \in val o -> j \notin val o ->
  root l j (sgd o v) <= omitted b eta * root l j v.
Proof.
move=> lo jo; have [y0 y1] := z1_bounds; have h := al_ge0.
have [_ s1] := shrink_ge0_le1 kind a_orth eta0 al1 b0 o N1.
have d0 := theta_den eta0 b0.
apply: (@root_at (- z1)).
- have -> : 1 + - z1 = (1 + 19%:R / 20%:R * al)^-1.
    by rewrite /z1; move: (19%:R / 20%:R * al) d0 => x d0; field; rewrite gt_eqF.
  have frac (d x y : R) : 0 < d -> 0 < x -> d^-1 - y / x = (x - y * d) / x / d.
    by move=> dp xp; field; rewrite !gt_eqF.
  rewrite -subr_ge0 frac // mulr_ge0 ?invr_ge0 ?(ltW d0) // mulr_ge0 ?invr_ge0 ?(ltW fl) //.
  rewrite /factor lo (negbTE jo) /gain (card_batch o); move: (shrink _ _ _ _ _) sh0 s1 => s s0 s1.
  have N1' : 0 <= 21%:R / 20%:R - N v by rewrite subr_ge0.
  have s1' : 0 <= 1 - s by rewrite subr_ge0.
  move: (eta / b%:R) h => A h; have -> : s + A * (2%:R - N v) - s * (1 + 19%:R / 20%:R * A) =
    A * ((21%:R / 20%:R - N v) + 19%:R / 20%:R * (1 - s)) by field.
  by positive.
- by rewrite ler_oppr opprK.
- apply: (@le_trans _ _ 0); first by rewrite oppr_le0 ltW.
  by rewrite divr_ge0 ?ler01 ?ler0n.
by rewrite /omitted /point_rate -/z1 mulNr sqrrN.
Qed.

Lemma root_raised : 9%:R / 10%:R <= C v -> l \notin val o -> j \in val o ->
  root l j (sgd o v) <= raised b eta * root l j v.
Proof.
move=> Cv lo jo; have [y0 y1] := z2_bounds; have h := al_ge0; have d0 := den2.
have SN := batch_energy_le kind a_orth (val o) v; have N2 := le_trans Cv (energy_le kind a_orth v).
apply: (@root_at z2) => //.
- have E (x s g u d : R) : 0 < s -> 0 < d -> 1 + u / d - (s + g) / s = (u * s - g * d) / s / d.
    by move=> sp dp; field; rewrite !gt_eqF.
  rewrite /factor (negbTE lo) jo /z2 -subr_ge0 E // mulr_ge0 ?invr_ge0 ?(ltW d0) //.
  rewrite mulr_ge0 ?invr_ge0 ?(ltW sh0) // /gain /shrink (card_batch o).
  move: (batch_energy _ _ _ _) (N v) N2 SN => S N' N2 SN.
  have a1 := al1; move: (eta / b%:R) h a1 => A h a1.
  have k0 : 0 <= 1 - 2%:R * A by cert (2%:R * (5%:R^-1 - A) + 3%:R / 5%:R).
  have N2' : 0 <= N' - 9%:R / 10%:R by rewrite subr_ge0.
  have SN' : 0 <= N' - S by rewrite subr_ge0.
  have -> : 11%:R / 10%:R * A * (1 - A * S) - A * (2%:R - N') * (1 - 9%:R / 10%:R * A) =
    11%:R / 10%:R * A * A * (N' - S) + A * (N' - 9%:R / 10%:R) * (1 - 2%:R * A) by field.
  by positive.
by apply: (@le_trans _ _ 0) => //; rewrite oppr_le0 divr_ge0 ?ler01 ?ler0n.
Qed.
End Roots.

(** On average over the batches that have l, and over the others. *)
Lemma spread_in l v : N v <= 21%:R / 20%:R ->
  mean (fun o : batch => Noise.hit R l o * spread l (sgd o v)) <= p * rin * spread l v.
Proof.
move=> N1.
apply: (@le_trans _ _ (mean (fun o : batch => \sum_(j | j != l)
    root l j v * (Noise.hit R l o * (omitted b eta + (1 - omitted b eta) * Noise.hit R j o))))).
  apply: ler_mean => // o; rewrite /Assemble.spread mulr_sumr; apply: ler_sum => j jl.
  rewrite /Noise.hit; case: (boolP (l \in val o)) => lo; last by rewrite !mul0r mulr0 lexx.
  rewrite !mul1r; case: (boolP (j \in val o)) => jo.
    rewrite (_ : (true%:R : R) = 1) // mulr1 [omitted b eta + _]addrC subrK mulr1 -[X in _ <= X]mul1r.
    by apply: root_same => //; rewrite lo jo.
  by rewrite mulr0 addr0 mulrC; exact: root_omitted.
rewrite mean_sum /Assemble.spread mulr_sumr; apply: ler_sum => j jl.
by rewrite mean_scale (mean_hit_not b0 bm) 1?eq_sym // mulrC lexx.
Qed.

Lemma mean_not_hit (l j : 'I_m) (t : R) : l != j ->
  mean (fun o : batch => (1 - Noise.hit R l o) * (1 + (t - 1) * Noise.hit R j o)) =
  (1 - p) * ((m%:R - 1 - b%:R + b%:R * t) / (m%:R - 1)).
Proof.
move=> lj; have h1 := m_pos R b0 bm; have h2 := m1_pos R b0 bm.
have -> : mean (fun o : batch => (1 - Noise.hit R l o) * (1 + (t - 1) * Noise.hit R j o)) =
   mean (fun o : batch => 1 + ((t - 1) * Noise.hit R j o + (- 1 * Noise.hit R l o +
     (1 - t) * (Noise.hit R l o * Noise.hit R j o)))).
  by rewrite /mean; congr (_ / _); apply: eq_bigr => o _; ring.
rewrite mean_add (Noise.mean_const bm') !mean_add !mean_scale !(mean_hit1' R b0 bm).
rewrite (mean_hit2 R bm' (m_big b0 bm) lj) /in_batch.
by move: (m%:R : R) (b%:R : R) h1 h2 => M B h1 h2; field; rewrite !gt_eqF.
Qed.

Lemma spread_out l v : N v <= 21%:R / 20%:R -> 9%:R / 10%:R <= C v ->
  mean (fun o : batch => (1 - Noise.hit R l o) * spread l (sgd o v)) <= (1 - p) * rout * spread l v.
Proof.
move=> N1 Cv.
apply: (@le_trans _ _ (mean (fun o : batch => \sum_(j | j != l)
    root l j v * ((1 - Noise.hit R l o) * (1 + (raised b eta - 1) * Noise.hit R j o))))).
  apply: ler_mean => // o; rewrite /Assemble.spread mulr_sumr; apply: ler_sum => j jl.
  rewrite /Noise.hit; case: (boolP (l \in val o)) => lo.
    by rewrite (_ : (true%:R : R) = 1) // subrr !mul0r mulr0 lexx.
  rewrite subr0 !mul1r; case: (boolP (j \in val o)) => jo.
    by rewrite (_ : (true%:R : R) = 1) // mulr1 [1 + _]addrC subrK mulrC; exact: root_raised.
  by rewrite mulr0 addr0 mulrC; apply: root_same => //; rewrite (negbTE lo) (negbTE jo).
rewrite mean_sum /Assemble.spread mulr_sumr; apply: ler_sum => j jl.
by rewrite mean_scale mean_not_hit 1?eq_sym // mulrC lexx.
Qed.
End Climb.
