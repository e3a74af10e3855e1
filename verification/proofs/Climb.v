(** What one step does to the sum of the roots of |c_j/c_l|, l the strongest point, where C >=
    9/10. A batch that has l and not j multiplies the root by at most [omitted] < 1; over all
    batches the mean grows at most by [mean_growth]: exchange l and j in a batch that has one of
    them; as l is the stronger one, the two factors are at most u^-1 and u for a u with 1 <= u^2
    <= 1 + z, and (u^-1 + u)/2 <= 1 + z^2/8. *)
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
Local Notation grow := (mean_growth m b eta).
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
rewrite -subr_ge0; have -> : 1 / 2%:R - x / (1 + x) = (1 - x) / 2%:R / (1 + x) by field;
  rewrite gt_eqF.
by have x1' : 0 <= 1 - x by [rewrite subr_ge0]; positive.
Qed.

Lemma den2 : 0 < 1 - 9%:R / 10%:R * al.
Proof.
apply: (@lt_le_trans _ _ (82%:R / 100%:R)); first by rewrite divr_gt0 ?ltr0n.
have a1 := al1; move: (eta / b%:R) a1 => A a1.
by cert (9%:R / 10%:R * (5%:R^-1 - A)).
Qed.

Lemma omitted_bounds : 0 <= omitted b eta /\ omitted b eta < 1.
Proof.
have [h0 h1] := z1_bounds; have oE : omitted b eta = 1 - z1 / 2%:R - z1 ^+ 2 / 10%:R by [].
rewrite oE; move: z1 h0 h1 => z h0 h1; have h0' := ltW h0;
  have h1' : 0 <= 1 / 2%:R - z by rewrite subr_ge0.
split.
  have -> : 1 - z / 2%:R - z ^+ 2 / 10%:R = (1 / 2%:R - z) / 2%:R + (1 / 2%:R - z) * z / 10%:R
    + (1 / 2%:R - z) / 20%:R + 29%:R / 40%:R by field.
  by positive.
rewrite -subr_gt0; apply: (@lt_le_trans _ _ (z / 2%:R)); first by rewrite divr_gt0 ?ltr0n.
by cert (z ^+ 2 / 10%:R).
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

Lemma grow_ge1 : 1 <= grow.
Proof.
have [s0 _] := split_bounds R b0 bm; have s0' := ltW s0.
have E : grow = 1 + split_pair R m b * (z2 ^+ 2 / 8%:R) by [].
by rewrite E; move: (split_pair R m b) z2 s0' => s z s0'; cert (s * (z ^+ 2 / 8%:R)).
Qed.

Lemma p_lt1 : 0 < 1 - p.
Proof.
have h1 := m_pos R b0 bm; have h2 := mb_pos R bm; rewrite /in_batch.
have -> : 1 - b%:R / m%:R = (m%:R - b%:R) / m%:R :> R by field; rewrite gt_eqF.
by rewrite divr_gt0.
Qed.

Lemma grow_split : p * rin + (1 - p) * rout = grow.
Proof. by rewrite /without_leader [(1 - p) * _]mulrC divfK ?gt_eqF ?p_lt1 // addrC subrK. Qed.

Lemma rin_le_rout : rin <= rout.
Proof.
have [r0 r1] := rin_bounds; have q0 := p_lt1; have g1 := grow_ge1.
have qi : 0 <= (1 - p)^-1 by rewrite invr_ge0 ltW.
rewrite /without_leader -subr_ge0.
have -> : (grow - p * rin) / (1 - p) - rin = ((grow - 1) + (1 - rin)) / (1 - p).
  by move: grow rin p q0 {g1 r0 r1 qi} => G r s q0; field; rewrite gt_eqF.
by rewrite mulr_ge0 // addr_ge0 // subr_ge0 // ltW.
Qed.

Lemma rout_ge0 : 0 <= rout.
Proof. by have [r0 _] := rin_bounds; exact: le_trans r0 rin_le_rout. Qed.

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
- by rewrite -subr_ge0 opprK addrC subr_ge0.
- apply: (@le_trans _ _ 0); first by rewrite oppr_le0 ltW.
  by rewrite divr_ge0 ?ler01 ?ler0n.
by rewrite /omitted /point_rate -/z1 mulNr sqrrN.
Qed.

Lemma raised_ratio : 9%:R / 10%:R <= C v -> l \notin val o -> j \in val o -> f j / f l <= 1 + z2.
Proof.
move=> Cv lo jo; have h := al_ge0; have d0 := den2.
have SN := batch_energy_le kind a_orth (val o) v; have N2 := le_trans Cv (energy_le kind a_orth v).
have E (s g u d : R) : 0 < s -> 0 < d -> 1 + u / d - (s + g) / s = (u * s - g * d) / s / d.
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
    rewrite (_ : (true%:R : R) = 1) // mulr1 [omitted b eta
      + _]addrC subrK mulr1 -[X in _ <= X]mul1r.
    by apply: root_same => //; rewrite lo jo.
  by rewrite mulr0 addr0 mulrC; exact: root_omitted.
rewrite mean_sum /Assemble.spread mulr_sumr; apply: ler_sum => j jl.
by rewrite mean_scale (mean_hit_not b0 bm) 1?eq_sym // mulrC lexx.
Qed.

(** ** Over all batches *)
Section Pair.
Variables (v : 'rV[R]_n) (l j : 'I_m).
Hypotheses (lj : l != j) (N1 : N v <= 21%:R / 20%:R) (Cv : 9%:R / 10%:R <= C v)
  (top : `|phi (c v j)| <= `|phi (c v l)|).
Local Notation f := (factor kind a eta v).

Lemma pair_mean (y u z : R) : y * u = 1 -> 1 <= u -> u ^+ 2 <= 1 + z ->
  (y + u) / 2%:R <= 1 + z ^+ 2 / 8%:R.
Proof.
move=> yu u1 uz; have u0 : 0 < u := lt_le_trans ltr01 u1.
have u1' : 0 <= u - 1 by rewrite subr_ge0.
have y0 : 0 <= y.
  have -> : y = u^-1 by rewrite -[LHS]mulr1 -(mulfV (lt0r_neq0 u0)) mulrA yu mul1r.
  by rewrite invr_ge0 ltW.
have z1' : 0 <= z / 2%:R - (u - 1).
  have -> : z / 2%:R - (u - 1) = ((1 + z - u ^+ 2) + (u - 1) ^+ 2) / 2%:R by field.
  have uz' : 0 <= 1 + z - u ^+ 2 by rewrite subr_ge0.
  by positive.
have y1 : 0 <= 1 - y.
  by have -> : 1 - y = y * (u - 1) by [rewrite mulrBr yu mulr1]; positive.
rewrite -subr_ge0.
have z2' : 0 <= z / 2%:R + (u - 1) by cert ((z / 2%:R - (u - 1)) + 2%:R * (u - 1)).
have -> : 1 + z ^+ 2 / 8%:R - (y + u) / 2%:R =
  (z / 2%:R - (u - 1)) * (z / 2%:R + (u - 1)) / 2%:R + (u - 1) ^+ 2 * (1 - y) / 2%:R
  + (u - 2%:R) * (y * u - 1) / 2%:R by field.
by rewrite yu subrr mulr0 mul0r addr0; positive.
Qed.

Lemma pair_growth (o : batch) : l \in val o -> j \notin val o ->
  (Num.sqrt (f o j / f o l) + Num.sqrt (f (swap l j o) j / f (swap l j o) l)) / 2%:R <=
  1 - - (z2 ^+ 2 / 8%:R).
Proof.
move=> lo jo; rewrite opprK; set o' := swap l j o.
have lo' : l \notin val o' by rewrite /= mem_swap tpermL.
have jo' : j \in val o' by rewrite /= mem_swap tpermR.
have ge0 i : 0 <= phi (c v i) ^+ 2 by exact: sqr_ge0.
pose e i := phi (c v i) ^+ 2; pose S0 := \sum_(i in val o | i != l) e i.
have So : batch_energy kind a (val o) v = S0 + e l by rewrite /batch_energy (bigD1 l) //= addrC.
have So' : batch_energy kind a (val o') v = S0 + e j.
  rewrite /batch_energy (bigD1 j) //= addrC; congr (_ + _); apply: eq_bigl => i.
  rewrite mem_swap; case: (eqVneq i j) => [->|ij] /=.
    by rewrite andbF (negbTE jo).
  case: (eqVneq i l) => [->|il] /=; first by rewrite tpermL (negbTE jo) andbF.
  by rewrite tpermD // eq_sym.
have ejl : e j <= e l.
  rewrite /e -(real_normK (num_real (phi (c v j)))) -(real_normK (num_real (phi (c v l)))).
  exact: sqr_le_of_abs.
have fl (q : batch) i : 0 < f q i by exact: factor_gt0.
have ratio (q : batch) i k : 0 <= f q i / f q k by rewrite mulr_ge0 ?invr_ge0 // ltW.
have high := raised_ratio N1 Cv lo' jo'.
set y := Num.sqrt (f o' l / f o' j).
apply: (@le_trans _ _ ((y + Num.sqrt (f o' j / f o' l)) / 2%:R)).
  rewrite -subr_ge0 -mulrBl mulr_ge0 ?invr_ge0 ?ler0n // opprD addrACA subrr addr0 subr_ge0.
  rewrite /y ler_wsqrtr //.
  have [s0 sg0] := factors kind a_orth eta_ge0 al1 N1 o;
    have [s0' sg0'] := factors kind a_orth eta_ge0 al1 N1 o'.
  rewrite /factor lo (negbTE jo) jo' (negbTE lo') -subr_ge0.
  have sE (q : batch) : shrink kind a eta (val q) v = 1 - al * batch_energy kind a (val q) v.
    by rewrite /shrink card_batch.
  have gE (q : batch) : gain eta (val q) v = al * (2%:R - N v) by rewrite /gain card_batch.
  have E (s s' g : R) : 0 < s + g -> 0 < s' + g -> s' / (s' + g) - s / (s
    + g) = g * (s' - s) / (s + g) / (s' + g).
    by move=> h1 h2; field; rewrite !gt_eqF.
  rewrite gE in sg0; rewrite gE in sg0'; rewrite !gE E // mulr_ge0 ?invr_ge0 ?(ltW sg0') //.
  rewrite mulr_ge0 ?invr_ge0 ?(ltW sg0) // !sE So So'; apply: mulr_ge0.
    by apply: mulr_ge0; [exact: al_ge0 | cert ((21%:R / 20%:R - N v) + 19%:R / 20%:R)].
  by have h := al_ge0; move: (eta / b%:R) h => A h; cert (A * (e l - e j)).
apply: pair_mean.
- rewrite /y -sqrtrM // -mulrA [(f o' j)^-1 * _]mulrA mulVf ?gt_eqF // mul1r mulfV ?gt_eqF //.
  by rewrite sqrtr1.
- rewrite -[X in X <= _]sqrtr1 ler_wsqrtr //.
  have [s0' sg0'] := factors kind a_orth eta_ge0 al1 N1 o'.
  rewrite /factor jo' (negbTE lo') -subr_ge0.
  have -> : (shrink kind a eta (val o') v + gain eta (val o') v) / shrink kind a eta (val o') v -
    1 =
    gain eta (val o') v / shrink kind a eta (val o') v by field; rewrite gt_eqF.
  rewrite mulr_ge0 ?invr_ge0 ?(ltW s0') // /gain (card_batch o').
  by apply: mulr_ge0; [exact: al_ge0 | cert ((21%:R / 20%:R - N v) + 19%:R / 20%:R)].
by rewrite sqr_sqrtr.
Qed.

Lemma root_mean : mean (fun o : batch => root l j (sgd o v)) <= grow * root l j v.
Proof.
have r0 : 0 <= root l j v by exact: sqrtr_ge0.
have K0 : 0 < #|{: batch}|%:R :> R by rewrite ltr0n batches bin_gt0.
have fl (q : batch) i : 0 < f q i by exact: factor_gt0.
have same (o : batch) : (l \in val o) = (j \in val o) -> Num.sqrt (f o j / f o l) <= 1.
  move=> loj; have -> : f o j = f o l by rewrite /factor loj.
  by rewrite divff ?sqrtr1 // gt_eqF.
have := exchange same pair_growth; set T := \sum_o _ => sum_le.
have -> : mean (fun o : batch => root l j (sgd o v)) = T / #|{: batch}|%:R * root l j v.
  rewrite /mean /T !mulr_suml; apply: eq_bigr => o _.
  by rewrite (root_step kind a_orth eta_ge0 al1) // mulrAC.
rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
have gE : grow = 1 + share R b l j * (z2 ^+ 2 / 8%:R) by rewrite (shareE R b0 bm lj).
rewrite gE /share; move: (z2 ^+ 2 / 8%:R) #|[set o : batch | _]|%:R #|{: batch}|%:R K0 sum_le =>
  x s k K0 sum_le.
rewrite -subr_ge0; have -> : 1 + s / k * x - T / k = (k - - x * s - T) / k by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
Qed.
End Pair.

Lemma spread_mean l v : N v <= 21%:R / 20%:R -> 9%:R / 10%:R <= C v ->
  (forall j, `|phi (c v j)| <= `|phi (c v l)|) ->
  mean (fun o : batch => spread l (sgd o v)) <= grow * spread l v.
Proof.
move=> N1 Cv top; rewrite mean_sum /Assemble.spread mulr_sumr; apply: ler_sum => j jl.
by apply: root_mean => //; rewrite eq_sym.
Qed.
End Climb.
