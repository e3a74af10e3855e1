(** Gradient descent on rays, and what fails for eta > m/2. On the ray of a minimum the step is the
    cubic r -> f(r) = r (1 + p (1 - r^2)), p = 2 eta/m, and f(r) - 1 = (r - 1)(1 - p r (r + 1)):
    near r = 1 the second factor is near 1 - 2p, below -1 exactly for p > 1. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit GDStep Points Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Ray.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).
Hypotheses (orth : orthonormal a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation G := (active_part kind a).
Local Notation next := (step kind a eta [set: 'I_m]).
Local Notation p := (2%:R * eta / m%:R).
Implicit Types w : 'rV[R]_n.

(** The run in two parts. *)
Lemma gd_weightsD w s t :
  gd_weights kind a eta w (t + s) = gd_weights kind a eta (gd_weights kind a eta w s) t.
Proof. by elim: t => // t IH; rewrite addSn /= IH. Qed.

Lemma gd_weights_late w t :
  gd_weights kind a eta w t.+1 = gd_weights kind a eta (gd_weights kind a eta w 1) t.
Proof. by rewrite -gd_weightsD addn1. Qed.

Lemma gd_weights1 w : gd_weights kind a eta w 1 = next w.
Proof. by rewrite nextE. Qed.

Lemma gd_weightsS w t : gd_weights kind a eta w t.+1 = next (gd_weights kind a eta w t).
Proof. by rewrite nextE. Qed.

(** A vector that is its own active part is only multiplied. *)
Lemma span_next w : w = G w -> next w = (1 + p * (1 - N w)) *: w.
Proof.
move=> wG; have CN : C w = N w by rewrite {2}wG sqnorm_active.
rewrite step_closed full_shrink full_gain CN.
have -> : \sum_(i in [set: 'I_m]) phi kind (corr a w i) *: a i = w.
  by rewrite [RHS]wG; apply: eq_bigl => i; rewrite inE.
rewrite -scalerDl -(mulrA 2%:R); congr (_ *: _).
by move: (N w) (eta / m%:R) => N' al; ring.
Qed.

Lemma span_scale r w : kind = Linear \/ 0 <= r -> w = G w -> r *: w = G (r *: w).
Proof.
move=> ok wG; rewrite {1}wG /active_part scaler_sumr; apply: eq_bigr => i _.
rewrite scalerA /corr dotZl; congr (_ *: _).
by case: ok => [->//|r0]; rewrite phi_hom.
Qed.

Definition cubic r : R := r * (1 + p * (1 - r ^+ 2)).

Lemma ray_next r w : kind = Linear \/ 0 <= r -> N w = 1 -> w = G w -> next (r *: w) = cubic r *: w.
Proof.
move=> ok N1 wG; rewrite span_next; last exact: span_scale.
by rewrite sqnormZ N1 mulr1 scalerA mulrC.
Qed.

Lemma cubic_sub1 r : cubic r - 1 = (r - 1) * (1 - p * (r * (r + 1))).
Proof. by rewrite /cubic; move: p => q; ring. Qed.

Section Beyond.
Hypotheses (m0 : (0 < m)%N) (eta1 : m%:R / 2%:R < eta).

Lemma p_gt1 : 1 < p.
Proof.
have mp : 0 < m%:R :> R by rewrite ltr0n.
rewrite -subr_gt0.
have -> : p - 1 = (eta - m%:R / 2%:R) * 2%:R / m%:R by field; rewrite gt_eqF.
by rewrite divr_gt0 // mulr_gt0 ?subr_gt0 ?ltr0n.
Qed.

Let p0 : 0 < p := lt_trans ltr01 p_gt1.
Local Notation d := ((p - 1) / (3%:R * p)).

Lemma d_gt0 : 0 < d.
Proof.
apply: divr_gt0; first by rewrite subr_gt0 p_gt1.
by rewrite (mulr_gt0 _ p0) // ltr0n.
Qed.

Lemma near_gt0 r : `|r - 1| <= d -> 0 <= r /\ 0 <= r - 1 + d.
Proof.
rewrite ler_norml => /andP[h _]; have h' : 0 <= r - 1 + d by rewrite -(opprK d) subr_ge0.
split=> //; have -> : r = (r - 1 + d) + (2%:R * p + 1) / (3%:R * p).
  by move: (p) p0 => q q0; field; rewrite gt_eqF.
by apply: addr_ge0 => //; move: (p) p0 => q /ltW q0; positive.
Qed.

Lemma cubic_expands r : `|r - 1| <= d -> p * `|r - 1| <= `|cubic r - 1|.
Proof.
move=> near; have [r0 rd] := near_gt0 near.
rewrite cubic_sub1 normrM mulrC; apply: mul_le; rewrite ?normr_ge0 ?(ltW p0) ?lexx //.
rewrite -normrN; apply: le_trans (ler_norm _).
have pd : 3%:R * (p * d) = p - 1 by move: (p) p0 => q q0; field; rewrite gt_eqF.
have h := ltW p0; have d0 := ltW d_gt0.
have h1 : 0 <= r - 1 + 2%:R + d by have -> : r - 1 + 2%:R + d = r + 1 + d by [ring]; positive.
rewrite -subr_ge0; move: (d) pd rd h1 d0 => q pd rd h1 d0.
have -> : - (1 - p * (r * (r + 1))) - p =
    p * ((r - 1 + q) * (r + 2%:R - q) + q ^+ 2) + (p - 1 - 3%:R * (p * q)).
  by move: (p) => P; ring.
rewrite pd subrr addr0 mulr_ge0 // addr_ge0 ?sqr_ge0 // mulr_ge0 //.
have q1 : q <= 1.
  have h3 : 0 < 3%:R * p by rewrite (mulr_gt0 _ p0) // ltr0n.
  rewrite -subr_ge0 -(pmulr_rge0 _ h3).
  have -> : 3%:R * p * (1 - q) = 2%:R * p + 1 + (p - 1 - 3%:R * (p * q)) by move: (p) => P; ring.
  by rewrite pd subrr addr0; move: (p) h => P h; positive.
by cert (r + 1 + (1 - q)).
Qed.
End Beyond.
End Ray.

Lemma power_large (R : rcfType) (g x M : R) : archimedean R -> 1 < g -> 0 < x ->
  exists T, forall t, (T <= t)%N -> M <= g ^+ t * x.
Proof.
move=> arch g1 x0; have h : 0 < g - 1 by rewrite subr_gt0.
have [T hT] := arch (M / x / (g - 1)); exists T => t tT.
rewrite -le_quot //; have -> : g = 1 + (g - 1) by ring.
apply: le_trans (bernoulli_le t (ltW h)); apply: (@le_trans _ _ (t%:R * (g - 1))).
  by rewrite -le_quot //; apply: le_trans hT _; rewrite ler_nat.
by rewrite le_growl ler01.
Qed.

Lemma ray_distance (R : rcfType) (n : nat) (w : 'rV[R]_n) (r : R) :
  sqnorm w = 1 -> vnorm (r *: w - w) = `|r - 1|.
Proof. by move=> N1; rewrite -[X in _ - X]scale1r -scalerBl vnormZ vnorm1 // mulr1. Qed.

Theorem gd_expands_beyond : Statements.gd_expands_beyond.
Proof.
move=> R m n kind a eta r w orth eta1 wmin p near; have m0 := minimum_points wmin.
have [N1 wG] := (minima kind orth m0 w).1 wmin.
have [r0 _] := near_gt0 m0 eta1 near.
rewrite gd_weights1 (ray_next _ orth) //; last by right.
by rewrite !ray_distance //; exact: cubic_expands.
Qed.

Theorem gd_unstable_beyond : Statements.gd_unstable_beyond.
Proof.
move=> R m n kind a eta r w arch orth eta1 wmin p d; have m0 := minimum_points wmin.
have [N1 wG] := (minima kind orth m0 w).1 wmin.
have p1 : 1 < p := p_gt1 m0 eta1; have p0 : 0 <= p := ltW (lt_trans ltr01 p1).
split=> [|r1 near]; first exact: d_gt0.
have x0 : 0 < `|r - 1| by rewrite normr_gt0 subr_eq0.
have [T hT] := power_large (d + 1) arch p1 x0; move: (hT T (leqnn T)) => {hT x0 r1}.
elim: T r near => [|T IH] r near big.
  exists 0%N; move: big near; rewrite expr0 mul1r => big /(le_trans big).
  by rewrite leNgt lt_grow ltr01.
have step1 : gd_weights kind a eta (r *: w) 1 = cubic m eta r *: w.
  by rewrite gd_weights1 (ray_next _ orth) //; right; case: (near_gt0 m0 eta1 near).
case: (lerP `|cubic m eta r - 1| d) => [near'|far]; last first.
  by exists 1%N; rewrite step1 ray_distance.
have big' : d + 1 <= p ^+ T * `|cubic m eta r - 1|.
  apply: le_trans big _; rewrite exprSr -mulrA; apply: mul_le; rewrite ?exprn_ge0 ?lexx //.
    by rewrite mulr_ge0.
  exact: (cubic_expands m0 eta1 near).
by have [t ht] := IH _ near' big'; exists (t + 1)%N; rewrite gd_weightsD step1.
Qed.

Section PeriodTwo.
Variables (R : rcfType) (p : R).
Hypothesis p1 : 1 < p.
Let A := Num.sqrt (p + 3%:R).
Let B := Num.sqrt (p - 1).
Let S := Num.sqrt p.
Definition outer := (A + B) / (2%:R * S).
Definition inner := (A - B) / (2%:R * S).

Let p0 : 0 < p := lt_trans ltr01 p1.
Let AA : A ^+ 2 = p + 3%:R.
Proof. by rewrite sqr_sqrtr // addr_ge0 ?ler0n // ltW. Qed.
Let BB : B ^+ 2 = p - 1.
Proof. by rewrite sqr_sqrtr // subr_ge0 ltW. Qed.
Let SS : S ^+ 2 = p.
Proof. by rewrite sqr_sqrtr // ltW. Qed.
Let S0 : 0 < S. Proof. by rewrite sqrtr_gt0. Qed.
Let B0 : 0 < B. Proof. by rewrite sqrtr_gt0 subr_gt0. Qed.
Let BA : B < A.
Proof.
rewrite -lt_squares ?sqrtr_ge0 // AA BB -subr_gt0.
have -> : p + 3%:R - (p - 1) = 4%:R by ring.
by rewrite ltr0n.
Qed.
Let A0 : 0 < A := lt_trans B0 BA.

Lemma inner_gt0 : 0 < inner.
Proof. by rewrite divr_gt0 ?subr_gt0 // mulr_gt0 ?ltr0n. Qed.

Lemma outer_gt1 : 1 < outer.
Proof.
have o0 : 0 <= outer by rewrite divr_ge0 ?addr_ge0 ?mulr_ge0 ?ler0n ?sqrtr_ge0.
rewrite -lt_squares ?ler01 // expr1n -(lt_times _ _ p0) mul1r.
have -> : outer ^+ 2 * p = (A ^+ 2 + 2%:R * A * B + B ^+ 2) / 4%:R.
  by rewrite -SS /outer; field; rewrite gt_eqF.
rewrite AA BB -subr_gt0.
have -> : (p + 3%:R + 2%:R * A * B + (p - 1)) / 4%:R - p = (A * B - (p - 1)) / 2%:R by field.
rewrite -BB; have -> : A * B - B ^+ 2 = (A - B) * B by ring.
by rewrite divr_gt0 ?ltr0n // mulr_gt0 ?subr_gt0.
Qed.

Lemma inner_lt1 : inner < 1.
Proof.
rewrite -lt_squares ?ler01 ?(ltW inner_gt0) // expr1n -(lt_times _ _ p0) mul1r.
have -> : inner ^+ 2 * p = (A ^+ 2 - 2%:R * A * B + B ^+ 2) / 4%:R.
  by rewrite -SS /inner; field; rewrite gt_eqF.
rewrite AA BB -subr_gt0.
have -> : p - (p + 3%:R - 2%:R * A * B + (p - 1)) / 4%:R = (A * B + (p - 1)) / 2%:R by field.
by rewrite divr_gt0 ?ltr0n // addr_gt0 ?mulr_gt0 ?subr_gt0.
Qed.

Lemma outer_inner : outer * (1 + p * (1 - outer ^+ 2)) = inner.
Proof.
have -> : outer * (1 + p * (1 - outer ^+ 2)) =
   (A + B) * (4%:R + 4%:R * p - (A + B) ^+ 2 * (p / S ^+ 2)) / (8%:R * S).
  by rewrite /outer; field; rewrite gt_eqF.
have -> : p / S ^+ 2 = 1 by rewrite SS divff // gt_eqF.
have -> : (A + B) * (4%:R + 4%:R * p - (A + B) ^+ 2 * 1) =
   A * (4%:R + 4%:R * p - A ^+ 2 - 3%:R * B ^+ 2) + B * (4%:R + 4%:R * p - B ^+ 2 - 3%:R * A ^+ 2).
  by ring.
by rewrite AA BB /inner; field; rewrite gt_eqF.
Qed.

Lemma inner_outer : inner * (1 + p * (1 - inner ^+ 2)) = outer.
Proof.
have -> : inner * (1 + p * (1 - inner ^+ 2)) =
   (A - B) * (4%:R + 4%:R * p - (A - B) ^+ 2 * (p / S ^+ 2)) / (8%:R * S).
  by rewrite /inner; field; rewrite gt_eqF.
have -> : p / S ^+ 2 = 1 by rewrite SS divff // gt_eqF.
have -> : (A - B) * (4%:R + 4%:R * p - (A - B) ^+ 2 * 1) =
   A * (4%:R + 4%:R * p - A ^+ 2 - 3%:R * B ^+ 2) - B * (4%:R + 4%:R * p - B ^+ 2 - 3%:R * A ^+ 2).
  by ring.
by rewrite AA BB /outer; field; rewrite gt_eqF.
Qed.
End PeriodTwo.

Theorem gd_period_two : Statements.gd_period_two.
Proof.
move=> R m n kind a eta w orth eta1 wmin p r r'; have m0 := minimum_points wmin.
have [N1 wG] := (minima kind orth m0 w).1 wmin.
have p1 : 1 < p := p_gt1 m0 eta1.
have r'0 : 0 < r' := inner_gt0 p1; have r'1 : r' < 1 := inner_lt1 p1.
have r1 : 1 < r := outer_gt1 p1.
have go s : 0 <= s -> step kind a eta [set: 'I_m] (s *: w) = (s * (1 + p * (1 - s ^+ 2))) *: w.
  by move=> s0; rewrite (ray_next _ orth) //; right.
have rr' : step kind a eta [set: 'I_m] (r *: w) = r' *: w.
  by rewrite go ?(outer_inner p1) // ltW // (lt_trans ltr01).
have r'r : step kind a eta [set: 'I_m] (r' *: w) = r *: w by rewrite go ?(inner_outer p1) // ltW.
have orbit t : gd_weights kind a eta (r *: w) t = (if odd t then r' else r) *: w /\
               gd_weights kind a eta (r' *: w) t = (if odd t then r else r') *: w.
  elim: t => // t [IH1 IH2]; rewrite !gd_weightsS IH1 IH2 /=; by case: (odd t).
split=> // l.
have jump : 0 < (r - r') / 3%:R by rewrite divr_gt0 ?ltr0n // subr_gt0 (lt_trans r'1).
have dist : vnorm (r *: w - r' *: w) = r - r'.
  by rewrite -scalerBl vnormZ (vnorm1 N1) mulr1 gtr0_norm // subr_gt0 (lt_trans r'1).
have close (u v : 'rV[R]_n) : vnorm (u - v) = r - r' ->
    vnorm (u - l) <= (r - r') / 3%:R -> vnorm (v - l) <= (r - r') / 3%:R -> False.
  move=> uv hu hv; have := vnorm_triangle l u v; rewrite uv (vnorm_sym l v) leNgt => /negP; apply.
  apply: (le_lt_trans (add_le hu hv)); rewrite -subr_gt0.
  by have -> : r - r' - ((r - r') / 3%:R + (r - r') / 3%:R) = (r - r') / 3%:R by field.
have even T : odd T.*2 = false by rewrite odd_double.
have late T : (T <= T.*2)%N /\ (T <= T.*2.+1)%N.
  by rewrite -addnn leq_addr; split=> //; rewrite ltnW // ltnS leq_addr.
split=> /(_ _ jump) [T hT]; move: (hT _ (late T).1) (hT _ (late T).2);
  rewrite -!(vnorm_le _ (ltW jump)) => h0 h1.
  have [e0 _] := orbit T.*2; have [e1 _] := orbit T.*2.+1.
  by rewrite e0 even in h0; rewrite e1 /= even in h1; exact: close dist h0 h1.
have [_ e0] := orbit T.*2; have [_ e1] := orbit T.*2.+1.
by rewrite e0 even in h0; rewrite e1 /= even in h1; exact: close dist h1 h0.
Qed.
