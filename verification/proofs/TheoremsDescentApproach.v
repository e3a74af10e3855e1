(** For eta > m/2 nothing in the span converges to a minimum without hitting it: near the limit the
    factor of a step is positive, so the error of the length is multiplied by at least 2 eta/m > 1
    in every step ([TheoremsDescentRay.cubic_expands]) and, if it is not 0, cannot stay small. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit GDStep TheoremsDescentRay TheoremsDescentBeyond.
From Whichmin Require Import Points Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Approach.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).
Variables (w0 l : 'rV[R]_n).
Hypotheses (arch : archimedean R) (orth : orthonormal a) (m0 : (0 < m)%N).
Hypotheses (eta1 : m%:R / 2%:R < eta) (wG : w0 = active_part kind a w0) (l1 : vnorm l = 1).
Local Notation w := (gd_weights kind a eta w0).
Hypothesis conv : converges_to w l.
Local Notation G := (active_part kind a).
Local Notation p := (2%:R * eta / m%:R).
Local Notation d := ((p - 1) / (3%:R * p)).
Let hit := exists T, w T = l.

Let p1 : 1 < p := p_gt1 m0 eta1.
Let d0 : 0 < d := d_gt0 m0 eta1.

Lemma d_third : d <= 3%:R^-1.
Proof.
move: (p) p1 => q q1; have q0 : 0 < q := lt_trans ltr01 q1.
rewrite le_quot; last by rewrite (mulr_gt0 _ q0) // ltr0n.
have -> : 3%:R^-1 * (3%:R * q) = q by field.
by rewrite le_move le_grow ler01.
Qed.

Lemma stuck_hits T : (forall t, (T <= t)%N -> w t = w T) -> hit.
Proof.
move=> h; exists T; apply: limit_unique conv => e e0; exists T => t tT.
by rewrite h // subrr /sqnorm dot0l sqr_ge0.
Qed.

Lemma length_near u : `|vnorm u - 1| <= vnorm (u - l).
Proof.
rewrite -l1 ler_norml; apply/andP; split.
  have := vnormD (l - u) u; rewrite subrK (vnorm_sym l) => h.
  by cert (vnorm (u - l) + vnorm u - vnorm l).
by rewrite le_move; have := vnormD (u - l) l; rewrite subrK.
Qed.

(** The run stays in the span, or it dies and has already stopped. *)
Lemma span_or_hit t : w t = G (w t) \/ hit.
Proof.
elim: t => [|t [IH|]]; [by left | | by right].
rewrite gd_weightsS (span_next _ orth IH); set k := 1 + _.
case: (lerP 0 k) => k0; first by left; apply: span_scale IH; right.
have [kl|kr] : kind = Linear \/ kind = Relu by case: (kind); [left | right].
  by left; apply: span_scale IH; left.
have phR x : phi kind x = if 0 <= x then x else 0 by rewrite kr.
right; apply: (@stuck_hits t.+1) => s ts; apply: dead_stays ts => i.
rewrite gd_weightsS (span_next _ orth IH) -/k eligibleE negbK /corr dotZl -/(corr a _ i).
have c0 : 0 <= corr a (w t) i.
  by rewrite IH corr_active // phR; case: ifP.
rewrite phR; case: ifP => h; last by rewrite eqxx.
by rewrite eq_le h andbT mulr_le0_ge0 // ltW.
Qed.

Section Late.
Variable T : nat.
Hypothesis near : forall t, (T <= t)%N -> vnorm (w t - l) <= d / 2%:R.

Lemma expands t : (T <= t)%N -> w t = G (w t) -> p * `|vnorm (w t) - 1| <= `|vnorm (w t.+1) - 1|.
Proof.
move=> tT IH; have d3 := d_third; have h := ltW d0.
have near0 := near tT; have near1 : vnorm (w t.+1 - l) <= d / 2%:R by apply: near; exact: leqW.
have rn : `|vnorm (w t) - 1| <= d / 2%:R := le_trans (length_near _) near0.
have rd : `|vnorm (w t) - 1| <= d.
  by apply: (le_trans rn); move: (d) h => D h; cert (D / 2%:R).
set k := 1 + p * (1 - sqnorm (w t)).
have wk : w t.+1 = k *: w t by rewrite gd_weightsS (span_next _ orth IH).
have k0 : 0 <= k.
  rewrite leNgt; apply/negP => k0.
  have : vnorm (w t.+1 - w t) <= d.
    apply: (le_trans (vnorm_triangle l _ _)); rewrite (vnorm_sym l).
    apply: (@le_trans _ _ (d / 2%:R + d / 2%:R)); first exact: add_le near1 near0.
    by move: (d) => D; cert (0 : R).
  rewrite wk -[X in _ - X]scale1r -scalerBl vnormZ leNgt => /negP; apply.
  have r0 : 2%:R^-1 < vnorm (w t).
    have := rn; rewrite ler_norml => /andP[lo _]; rewrite -subr_gt0.
    apply: (@lt_le_trans _ _ 3%:R^-1); first by rewrite invr_gt0 ltr0n.
    have lo' : 0 <= vnorm (w t) - 1 + d / 2%:R by rewrite -(opprK (d / 2%:R)) subr_ge0.
    move: (vnorm _) (d) lo' d3 => r D lo' d3; by cert ((r - 1 + D / 2%:R) + (3%:R^-1 - D) / 2%:R).
  apply: (le_lt_trans d3); apply: (@lt_le_trans _ _ 2%:R^-1).
    by rewrite -subr_gt0; have -> : 2%:R^-1 - 3%:R^-1 = 6%:R^-1 :> R; [field | rewrite invr_gt0
      ltr0n].
  have km : 1 <= `|k - 1|.
    rewrite -normrN; apply: le_trans (ler_norm _).
    by have h0 : 0 <= - k; [rewrite oppr_ge0 ltW | cert (- k)].
  by rewrite -[X in X <= _]mul1r; apply: mul_le => //; rewrite ?ler01 ?invr_ge0 ?ler0n // ltW.
have -> : vnorm (w t.+1) = cubic m eta (vnorm (w t)).
  by rewrite wk vnormZ ger0_norm // /cubic vnorm_sqr mulrC.
exact: cubic_expands.
Qed.

Lemma expands_long j : p ^+ j * `|vnorm (w T) - 1| <= `|vnorm (w (j + T)%N) - 1| \/ hit.
Proof.
elim: j => [|j [IH|]]; [by left; rewrite expr0 mul1r | | by right].
have [sp|] := span_or_hit (j + T); last by right.
left; rewrite addSn; apply: le_trans (expands (leq_addl _ _) sp).
have pp : 0 <= p := ltW (lt_trans ltr01 p1).
rewrite exprS -mulrA; apply: mul_le IH; rewrite ?lexx //.
by apply: mulr_ge0; [exact: exprn_ge0 | exact: normr_ge0].
Qed.
End Late.

Lemma approach_hits : hit.
Proof.
have d2 : 0 < d / 2%:R by rewrite divr_gt0 ?ltr0n.
have [T hT'] := conv d2.
have hT t (tT : (T <= t)%N) := etrans (vnorm_le (w t - l) (ltW d2)) (hT' t tT).
have [sp|//] := span_or_hit T.
have [r1|r1] := eqVneq (vnorm (w T)) 1.
  have still : step kind a eta [set: 'I_m] (w T) = w T.
    by rewrite (span_next _ orth sp) -vnorm_sqr r1 expr1n subrr mulr0 addr0 scale1r.
  apply: (@stuck_hits T) => t tT; rewrite -(subnK tT); elim: (t - T)%N => // s IH.
  by rewrite addSn gd_weightsS IH still.
have x0 : 0 < `|vnorm (w T) - 1| by rewrite normr_gt0 subr_eq0.
have [j hj] := power_large 1 arch p1 x0; have [far|//] := expands_long hT j.
move: (le_trans (hj j (leqnn j)) far); rewrite leNgt => /negP; case.
apply: (le_lt_trans (length_near _)); apply: (le_lt_trans (hT _ (leq_addl _ _))).
apply: (@le_lt_trans _ _ (3%:R^-1)); last by rewrite invf_lt1 ?ltr0n // ltr1n.
by have d3 := d_third; move: (d) (ltW d0) d3 => D h d3; cert ((3%:R^-1 - D) + D / 2%:R).
Qed.
End Approach.

Theorem gd_no_approach_beyond : Statements.gd_no_approach_beyond.
Proof.
move=> R m n kind a eta w0 l arch orth eta1 wG lmin conv; have m0 := minimum_points lmin.
have [N1 _] := (minima kind orth m0 l).1 lmin.
exact: (approach_hits arch orth m0 eta1 wG (vnorm1 N1) conv).
Qed.
