(** Too long starts and too long steps: divergence, sign changes, dead ReLU neurons, and starts
    that are led away from the minima by their rest. All from k = 1 + (eta/m)(2 - N - C): k = 0 or
    k < 0 kills or turns the active part, |k| > 1 for C > 1 + m/eta, and 0 <= k < 1 as long as rest
    > 2. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit GDStep TheoremsDescentRay Points Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma factor_pow (R : rcfType) (g : R) t : 1 <= g -> 1 <= g ^+ t.
Proof.
move=> g1; have h : 0 <= g - 1 by rewrite subr_ge0.
have -> : g = 1 + (g - 1) by ring.
by apply: le_trans (bernoulli_le t h); rewrite le_grow mulr_ge0 ?ler0n.
Qed.

Lemma long_points (R : rcfType) (m n : nat) kind (a : 'I_m -> 'rV[R]_n) (eta : R) w :
  0 < eta -> 1 + m%:R / eta < energy kind a w -> (0 < m)%N.
Proof.
by move=> eta0; apply: energy_points; rewrite addr_ge0 ?ler01 // divr_ge0 ?ler0n // ltW.
Qed.

Theorem gd_diverges : Statements.gd_diverges.
Proof.
move=> R m n a eta w0 orth eta0 big d; have m0 := long_points eta0 big.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have al0 : 0 < eta / m%:R by rewrite divr_gt0.
have d0 : 0 <= d by rewrite subr_ge0 ltW.
set g := 1 + 2%:R * (eta / m%:R) * d; have al0' := ltW al0.
have g1 : 1 <= g by rewrite /g le_grow; positive.
have next w : energy Linear a w0 <= energy Linear a w ->
    g ^+ 2 * energy Linear a w <= energy Linear a (step Linear a eta [set: 'I_m] w).
  move=> Cw; rewrite (energy_next orth); last by left.
  apply: mul_le; rewrite ?sqr_ge0 ?energy_ge0 ?lexx //.
  rewrite -[X in _ <= X]sqrrN; apply: sqr_le_of_abs; first exact: le_trans ler01 g1.
  have NC := energy_le Linear orth w; rewrite /multiplier /g.
  have -> : d = energy Linear a w0 - 1 - (eta / m%:R)^-1 by rewrite /d invf_div opprD addrA.
  move: (energy Linear a w0) (energy _ _ w) (sqnorm w) (eta / m%:R) al0 al0' Cw NC.
  move=> E E' N' al al0 al0' Cw NC; rewrite -subr_ge0; set D := (X in 0 <= X).
  have -> : D = al * ((N' - E') + 2%:R * (E' - E)) by rewrite /D; field; rewrite gt_eqF.
  by positive.
have grows t : energy Linear a w0 <= energy Linear a (gd_weights Linear a eta w0 t).
  elim: t => [|t IH]; first exact: lexx.
  rewrite gd_weightsS; apply: le_trans IH (le_trans _ (next _ IH)).
  by rewrite -[X in X <= _]mul1r; apply: mul_le; rewrite ?ler01 ?energy_ge0 ?lexx ?factor_pow.
by move=> t; rewrite gd_weightsS; exact: next.
Qed.

Theorem gd_unbounded : Statements.gd_unbounded.
Proof.
move=> R m n a eta w0 M arch orth eta0 big; have m0 := long_points eta0 big.
have mp : 0 < m%:R :> R by rewrite ltr0n.
pose d := energy Linear a w0 - (1 + m%:R / eta); have d0 : 0 < d by rewrite subr_gt0.
pose g := 1 + 2%:R * (eta / m%:R) * d.
have g_ge0 : 0 <= g by rewrite addr_ge0 ?ler01 // !mulr_ge0 ?invr_ge0 ?ler0n // ltW.
have growth t : g ^+ (2 * t) * energy Linear a w0 <= energy Linear a (gd_weights Linear a eta w0 t).
  elim: t => [|t IH]; first by rewrite muln0 expr0 mul1r.
  rewrite mulnS exprD -mulrA; apply: le_trans (gd_diverges orth eta0 big t).
  by apply: mul_le; rewrite ?sqr_ge0 ?lexx // mulr_ge0 ?energy_ge0 // exprn_ge0 // g_ge0.
have g1 : 1 < g by rewrite lt_grow !mulr_gt0 ?invr_gt0 ?ltr0n.
have E0 : 0 < energy Linear a w0.
  by apply: lt_trans big; apply: (lt_trans ltr01); rewrite lt_grow divr_gt0.
pose B := 3%:R + M ^+ 2 + 2%:R * m%:R * `|M|.
have [T hT] := power_large B arch g1 E0; exists T => t tT; set w := gd_weights _ _ _ _ _.
have a0 : 0 <= `|M| := normr_ge0 M; have mp' := ltW mp.
have CB : B <= energy Linear a w.
  by apply: le_trans (hT (2 * t)%N _) (growth t); apply: leq_trans tT _; rewrite leq_pmull.
have NB : B <= sqnorm w := le_trans CB (energy_le Linear orth w).
split.
  apply: le_trans (ler_norm M) _; rewrite -le_squares ?normr_ge0 ?vnorm_ge0 // vnorm_sqr.
  by rewrite -normrX ger0_norm ?sqr_ge0 //; apply: le_trans NB; rewrite /B;
    cert (3%:R + 2%:R * m%:R * `|M|).
apply: le_trans (ler_norm M) _; rewrite loss_closed //.
have B0 : 0 <= B by rewrite /B; positive.
have C0 := energy_ge0 Linear a w.
have N3 : 0 <= sqnorm w - 3%:R.
  by rewrite subr_ge0; apply: le_trans NB; rewrite /B; cert (M ^+ 2 + 2%:R * m%:R * `|M|).
have CM : 0 <= energy Linear a w - 2%:R * m%:R * `|M|.
  by rewrite subr_ge0; apply: le_trans CB; rewrite /B; cert (3%:R + M ^+ 2).
move: (energy _ _ _) (sqnorm w) `|M| (m%:R) mp mp' C0 N3 CM a0 => C' N' M' m' mp mp' C0 N3 CM a0.
rewrite -subr_ge0; set D := (X in 0 <= X).
have -> : D = 2%:R^-1 + ((N' - 3%:R) * C' + (C' - 2%:R * m' * M')) / (2%:R * m').
  by rewrite /D; field; rewrite gt_eqF.
by positive.
Qed.

Theorem gd_alternates : Statements.gd_alternates.
Proof.
move=> R m n a eta w0 orth eta0 wG NE t.
have m0 : (0 < m)%N by apply: span_points wG NE; rewrite divr_ge0 ?ler0n // ltW.
have mp : 0 < m%:R :> R by rewrite ltr0n.
elim: t w0 wG NE => [|t IH] w0 wG NE; first by rewrite expr0 scale1r.
have w1 : step Linear a eta [set: 'I_m] w0 = - w0.
  rewrite (span_next _ orth wG) NE -scaleN1r; congr (_ *: _); field; by rewrite !gt_eqF.
have lin : Linear = Linear \/ 0 <= -1 :> R by left.
rewrite gd_weights_late gd_weights1 w1 IH; last first.
- by rewrite -scaleN1r sqnormZ sqrrN expr1n mul1r.
- by rewrite -scaleN1r; exact: (span_scale lin wG).
by rewrite scalerN exprS mulN1r scaleNr.
Qed.

Section LongStep.
Variables (R : rcfType) (p : R).
Hypothesis p2 : 2%:R^-1 < p.
Definition top := Num.sqrt ((1 + p) / (3%:R * p)).          (* where the cubic is largest *)

Let p0 : 0 < p.
Proof. by apply: lt_trans p2; rewrite invr_gt0 ltr0n. Qed.

Lemma top_sqr : top ^+ 2 = (1 + p) / (3%:R * p).
Proof. by rewrite sqr_sqrtr //; have h := ltW p0; positive. Qed.

Lemma top_ge0 : 0 <= top. Proof. exact: sqrtr_ge0. Qed.

Lemma top_lt1 : top < 1.
Proof.
have h3 : 0 < 3%:R * p by rewrite (mulr_gt0 _ p0) // ltr0n.
rewrite -lt_squares ?top_ge0 ?ler01 // expr1n top_sqr lt_quot // mul1r -subr_gt0.
have -> : 3%:R * p - (1 + p) = (p - 2%:R^-1) * 2%:R by field.
by rewrite mulr_gt0 ?subr_gt0 ?ltr0n.
Qed.

Lemma top_factor : 1 + p * (1 - top ^+ 2) = 2%:R * (1 + p) / 3%:R.
Proof. by rewrite top_sqr; field; rewrite gt_eqF. Qed.

Lemma top_next_ge0 : 0 <= top * (1 + p * (1 - top ^+ 2)).
Proof.
rewrite top_factor mulr_ge0 ?top_ge0 //; have h := ltW p0; positive.
Qed.

Lemma top_next_sqr :
  (top * (1 + p * (1 - top ^+ 2))) ^+ 2 = 4%:R * (1 + p) ^+ 3 / (27%:R * p).
Proof. by rewrite exprMn top_factor top_sqr; field; rewrite gt_eqF. Qed.
End LongStep.

Theorem gd_diverges_from_ball : Statements.gd_diverges_from_ball.
Proof.
move=> R m n a eta w arch orth eta1 wmin p w0; have m0 := minimum_points wmin.
have [N1 wG] := (minima Linear orth m0 w).1 wmin.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have eta0 := lt_trans mp eta1; have p2 : 2%:R < p.
  rewrite /p -subr_gt0; have -> : 2%:R * eta / m%:R - 2%:R = (eta - m%:R) * (2%:R / m%:R).
    by field; rewrite gt_eqF.
  by rewrite mulr_gt0 ?subr_gt0 // divr_gt0 ?ltr0n.
have p0 : 0 < p by apply: lt_trans p2; rewrite ltr0n.
have ph : 2%:R^-1 < p.
  apply: lt_trans p2; rewrite -subr_gt0; have -> : 2%:R - 2%:R^-1 = 3%:R / 2%:R :> R by field.
  by rewrite divr_gt0 ?ltr0n.
split=> [|M]; first by rewrite vnormZ (vnorm1 N1) mulr1 ger0_norm ?top_ge0 // (top_lt1 ph).
have w1 : gd_weights Linear a eta w0 1 = cubic m eta (top p) *: w.
  by rewrite gd_weights1 (ray_next _ orth) //; left.
have big : 1 + m%:R / eta < energy Linear a (cubic m eta (top p) *: w).
  have lin : Linear = Linear \/ 0 <= cubic m eta (top p) by left.
  have cG := span_scale lin wG; rewrite -(sqnorm_active Linear orth) -cG sqnormZ N1 mulr1.
  rewrite /cubic -/p (top_next_sqr ph).
  have -> : 1 + m%:R / eta = 1 + 2%:R / p by rewrite /p; field; rewrite !gt_eqF.
  rewrite -subr_gt0; have -> : 4%:R * (1 + p) ^+ 3 / (27%:R * p) - (1 + 2%:R / p) =
     (p - 2%:R) * (2%:R * p + 5%:R) ^+ 2 / (27%:R * p) by field; rewrite gt_eqF.
  apply: divr_gt0; last by rewrite (mulr_gt0 _ p0) // ltr0n.
  rewrite mulr_gt0 ?subr_gt0 // exprn_gt0 // addr_gt0 ?ltr0n //.
  by rewrite (mulr_gt0 _ p0) // ltr0n.
have [T hT] := gd_unbounded M arch orth eta0 big; exists T.+1 => -[//|t] tT.
by rewrite gd_weights_late w1; case: (hT t tT).
Qed.

Section Dead.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).
Lemma dead_stays w s t : (forall i, ~~ eligible kind a (gd_weights kind a eta w s) i) -> (s <= t)%N
  ->
  gd_weights kind a eta w t = gd_weights kind a eta w s.
Proof.
move=> dead st; rewrite -(subnK st) gd_weightsD.
by case: (gd_silent_start eta dead) => h _; exact: h.
Qed.
End Dead.

Theorem relu_falls_silent : Statements.relu_falls_silent.
Proof.
move=> R m n a eta w0 orth m0 eta0 long safe t t0; have mp : 0 < m%:R :> R by rewrite ltr0n.
have dead i : ~~ eligible Relu a (gd_weights Relu a eta w0 1) i.
  rewrite /eligible -leNgt gd_weights1 (corr_step Relu orth) inE full_shrink full_gain /phi.
  set s := 1 - eta / m%:R * energy Relu a w0; set g := eta / m%:R * (2%:R - sqnorm w0).
  have sg : s + g <= 0.
    have -> : s + g = - (eta / m%:R * (sqnorm w0 + energy Relu a w0 - (2%:R + m%:R / eta))).
      by rewrite /s /g; field; rewrite !gt_eqF.
    by rewrite oppr_le0 mulr_ge0 ?subr_ge0 // divr_ge0 ?ltW.
  case: (lerP 0 (corr a w0 i)) => ci; first by rewrite -mulrDl mulr_le0_ge0.
  rewrite mulr0 addr0 mulr_ge0_le0 ?(ltW ci) // subr_ge0 mulrAC le_quot // mul1r.
  exact: safe ci.
have E := dead_stays dead t0; rewrite E; split=> //.
by case: (gd_silent_start eta dead) => _; exact.
Qed.

Theorem relu_falls_silent_from_ball : Statements.relu_falls_silent_from_ball.
Proof.
move=> R m n a eta w orth eta1 wmin p w0; have m0 := minimum_points wmin.
have [N1 wG] := (minima Relu orth m0 w).1 wmin.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have eta0 : 0 < eta by apply: lt_le_trans eta1; rewrite mulr_gt0 // divr_gt0 ?ltr0n.
have p8 : 8%:R / 5%:R <= p.
  rewrite -subr_ge0 /p.
  have -> : 2%:R * eta / m%:R - 8%:R / 5%:R = (eta - 4%:R / 5%:R * m%:R) * (2%:R / m%:R).
    by field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?subr_ge0 // divr_ge0 ?ler0n.
have ph : 2%:R^-1 < p.
  apply: lt_le_trans p8; rewrite -subr_gt0.
  have -> : 8%:R / 5%:R - 2%:R^-1 = 11%:R / 10%:R :> R by field.
  by rewrite divr_gt0 ?ltr0n.
have p0 : 0 < p by apply: lt_trans ph; rewrite invr_gt0 ltr0n.
split=> [|[//|t] t1]; first by rewrite vnormZ (vnorm1 N1) mulr1 ger0_norm ?top_ge0 // (top_lt1 ph).
have r1 : 0 <= cubic m eta (top p) := top_next_ge0 ph.
have pos : Relu = Linear \/ 0 <= cubic m eta (top p) by right.
have w1 : gd_weights Relu a eta w0 1 = cubic m eta (top p) *: w.
  by rewrite gd_weights1 (ray_next _ orth) //; right; exact: top_ge0.
have late s : gd_weights Relu a eta w0 s.+1 = gd_weights Relu a eta (cubic m eta (top p) *: w) s.
  by rewrite gd_weights_late w1.
rewrite !late; apply: relu_falls_silent => //.
  have cG := span_scale pos wG; rewrite -(sqnorm_active Relu orth) -cG sqnormZ N1 mulr1.
  rewrite /cubic -/p (top_next_sqr ph).
  have -> : 2%:R + m%:R / eta = 2%:R + 2%:R / p by rewrite /p; field; rewrite !gt_eqF.
  have e0 : 0 <= p - 8%:R / 5%:R by rewrite subr_ge0.
  have h := ltW p0; rewrite -subr_ge0; set D := (X in 0 <= X).
  have -> : D = 2%:R * (1 + p) * (4%:R * (p - 8%:R / 5%:R) * (p + 18%:R / 5%:R) + 25%:R^-1)
     / (27%:R * p) by rewrite /D; field; rewrite gt_eqF.
  by positive.
move=> i; have : 0 <= corr a (cubic m eta (top p) *: w) i.
  rewrite /corr dotZl mulr_ge0 // {1}wG -/(corr a _ i) (corr_active Relu orth) /phi.
  by case: ifP.
by move=> c0; rewrite ltNge c0.
Qed.

Theorem gd_boundary_start : Statements.gd_boundary_start.
Proof.
move=> R m n kind a eta w0 orth eta0 wG NE.
have m0 : (0 < m)%N.
  by apply: span_points wG NE; rewrite divr_ge0 ?ler0n // mulr_ge0 ?ler0n // ltW.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have CN : energy kind a w0 = sqnorm w0 by rewrite {2}wG sqnorm_active.
split; first by rewrite CN NE; field; rewrite gt_eqF.
have w1 : gd_weights kind a eta w0 1 = 0.
  rewrite gd_weights1 (span_next _ orth wG) NE.
  have -> : 1 + 2%:R * eta / m%:R * (1 - (1 + m%:R / (2%:R * eta))) = 0.
    by field; rewrite !gt_eqF.
  by rewrite scale0r.
move=> t t0; rewrite -w1; apply: dead_stays t0 => i; rewrite w1 eligibleE /corr dot0l.
by have -> : phi kind (0 : R) = 0 by [rewrite /phi; case: (kind); rewrite ?lexx]; rewrite eqxx.
Qed.

Theorem gd_bad_start : Statements.gd_bad_start.
Proof.
move=> R m n kind a eta w0 orth eta0 eta1 low high; have m0 := step_size_points eta0 eta1.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have al0 : 0 <= eta / m%:R by rewrite divr_ge0 ?ltW.
have al1 : 0 <= 1 - 2%:R * (eta / m%:R).
  have -> : 1 - 2%:R * (eta / m%:R) = (m%:R / 2%:R - eta) * (2%:R / m%:R) by field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?subr_ge0 // divr_ge0 ?ler0n.
pose bad w := 3%:R + 6%:R * energy kind a w <= rest kind a w /\ rest kind a w <= 10%:R / 3%:R.
have facts w : bad w -> [/\ 0 <= 1 - eta / m%:R * energy kind a w, 0 <= multiplier kind a eta w &
    multiplier kind a eta w <= 1 - eta / m%:R].
  case=> h1 h2; have C0 := energy_ge0 kind a w; rewrite multiplierE.
  move: (energy _ _ _) (rest _ _ _) (eta / m%:R) al0 al1 h1 h2 C0 => C r al al0 al1 h1 h2 C0.
  have hC : 0 <= 1 - 18%:R * C by cert (3%:R * ((10%:R / 3%:R - r) + (r - (3%:R + 6%:R * C)))).
  split.
  - by cert (2%:R^-1 + (1 - 2%:R * al) / 2%:R + al * ((1 - 18%:R * C) + 17%:R * C)).
  - by cert ((1 - 2%:R * al)
      + al * ((10%:R / 3%:R - r) + (1 - 18%:R * C) / 9%:R + 5%:R / 9%:R)).
  by cert (al * ((r - (3%:R + 6%:R * C)) + 8%:R * C)).
have bad_next w : bad w -> bad (step kind a eta [set: 'I_m] w).
  move=> bw; have [s0 k0 k1] := facts w bw; have ok : no_flip kind a eta w by right.
  case: bw => h1 h2; rewrite /bad (energy_next orth ok) (rest_next orth ok).
  have C0 := energy_ge0 kind a w; have r0 := rest_ge0 kind orth w.
  move: (multiplier _ _ _ _) (energy _ _ _) (rest _ _ _) (eta / m%:R) al0 al1 h1 h2 C0 r0 s0 k0 k1.
  move=> k C r al al0 al1 h1 h2 C0 r0 s0 k0 k1.
  have kk : 6%:R * (k ^+ 2 * C) <= 6%:R * ((1 - al) ^+ 2 * C).
    by cert (6%:R * C * ((1 - al - k) * (1 - al - k + 2%:R * k))).
  split.
    by cert ((6%:R * ((1 - al) ^+ 2 * C) - 6%:R * (k ^+ 2 * C)) + (r - (3%:R + 6%:R * C))
      + 2%:R * (al * C) * (10%:R / 3%:R - r) + al ^+ 2 * C ^+ 2 * r
      + 3%:R * (al * C) * (1 - 2%:R * al) + 7%:R / 3%:R * (al * C)).
  apply: le_trans h2; by cert (r * (al * C) * (1 + (1 - al * C))).
have b0 : bad w0 by split.
have run t : bad (gd_weights kind a eta w0 t) by elim: t => // t IH; rewrite gd_weightsS; exact:
  bad_next.
split.
  have C0 := energy_ge0 kind a w0.
  have NE : sqnorm w0 = rest kind a w0 + energy kind a w0 by rewrite /rest subrK.
  apply: (@lt_le_trans _ _ 4%:R).
    rewrite NE -subr_gt0; move: (energy _ _ _) (rest _ _ _) low high C0 => C r low high C0.
    apply: (@lt_le_trans _ _ (5%:R / 9%:R)); first by rewrite divr_gt0 ?ltr0n.
    by cert (((10%:R / 3%:R - r) * 4%:R + (r - (3%:R + 6%:R * C))) / 3%:R).
  have -> : 4%:R = 2%:R + 2%:R :> R by rewrite -natrD.
  rewrite -subr_ge0; have -> : 2%:R + m%:R / eta - (2%:R + 2%:R) = (m%:R / 2%:R - eta) * (2%:R /
    eta).
    by field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?subr_ge0 // divr_ge0 ?ler0n ?ltW.
move=> t; have [h1 h2] := run t; have C0 := energy_ge0 kind a (gd_weights kind a eta w0 t).
have r3 : 3%:R <= rest kind a (gd_weights kind a eta w0 t).
  by apply: le_trans h1; rewrite le_grow; positive.
split=> //.
  elim: t {h1 h2 C0 r3} => [|t IH]; first by rewrite muln0 expr0 mul1r.
  have [s0 k0 k1] := facts _ (run t); have ok : no_flip kind a eta (gd_weights kind a eta w0 t) by
    right.
  rewrite gd_weightsS (energy_next orth ok) mulnS exprD -mulrA.
  apply: mul_le => //; [exact: sqr_ge0 | exact: energy_ge0 | exact: sqr_le_of_abs].
rewrite loss_closed // le_grow; apply: divr_ge0; last by rewrite mulr_ge0 ?ler0n.
rewrite mulr_ge0 // subr_ge0; apply: (@le_trans _ _ 3%:R); first by rewrite ler_nat.
by apply: le_trans r3 _; rewrite /rest le_move le_grow.
Qed.

Theorem gd_bad_start_met : Statements.gd_bad_start_met.
Proof.
move=> R kind a w0.
have dotd (i j : 'I_2) : dot (delta_mx 0 i : 'rV[R]_2) (delta_mx 0 j) = (i == j)%:R.
  rewrite /dot (bigD1 i) //= !mxE !eqxx mul1r big1 ?addr0 => [|k ki]; first by [].
  by rewrite !mxE (negbTE ki) andbF mul0r.
have orth : orthonormal a by move=> i j; rewrite /a dotd eqxx (ord1 i) (ord1 j).
have c0 i : corr a w0 i = 10%:R^-1.
  by rewrite /corr dotDl !dotZl !dotd /= mulr0 addr0 mulr1.
have p0 : phi kind (10%:R^-1 : R) = 10%:R^-1 by rewrite /phi; case: kind; rewrite // invr_ge0 ler0n.
have CE : energy kind a w0 = 100%:R^-1 by rewrite /energy big_ord1 c0 p0; field.
have NE : sqnorm w0 = 13%:R / 4%:R.
  by rewrite sqnormD !sqnormZ dotZl dotZr /sqnorm !dotd /=; field.
split=> //.
- by rewrite eligibleE c0 p0 invr_eq0 pnatr_eq0.
- by rewrite /rest CE NE; cert (18%:R / 100%:R : R).
by rewrite /rest CE NE; cert (28%:R / 300%:R : R).
Qed.
