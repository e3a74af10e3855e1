(** The ends of gradient descent and of SGD as minima, and how sharp they are. Idea: gradient
    descent keeps the ratios of the active correlations, so its limit is the active part of the
    start, normalised; its active set is that of the start. At a data point one point is active.
    The traces then follow from the trace at any global minimum. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape GD Prob HessianSpectrum Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section PhiTwice.
Variables (R : realFieldType) (kind : activation).
Local Notation phi := (@phi R kind).

Lemma phi0 : phi 0 = 0. Proof. by rewrite /Definitions.phi; case: kind; rewrite ?lexx. Qed.
Lemma phi_phi t : phi (phi t) = phi t.
Proof. by rewrite /Definitions.phi; case: kind => //; case: (lerP 0 t) => t0; rewrite ?t0 ?lexx. Qed.
Lemma phi_relu_gt0 (t : R) : (0 < Definitions.phi Relu t) = (0 < t).
Proof. rewrite /Definitions.phi; case: (lerP 0 t) => // /ltW; by rewrite ltxx ltNge => ->. Qed.
End PhiTwice.

(** A unit vector k *: G(u), k >= 0, is a global minimum with the active points of u. *)
Section Normalised.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypotheses (a_orth : orthonormal a) (m0 : (0 < m)%N).
Variables (u : 'rV[R]_n) (k : R).
Hypotheses (k0 : 0 < k) (unit_length : k ^+ 2 * energy kind a u = 1).
Local Notation v := (k *: active_part kind a u).

Lemma corr_normalised i : corr a v i = k * phi kind (corr a u i).
Proof. by rewrite /corr dotZl (dot_comb a_orth (fun i => phi kind (corr a u i))). Qed.

Lemma phi_normalised i : phi kind (corr a v i) = k * phi kind (corr a u i).
Proof. by rewrite corr_normalised phi_hom ?(ltW k0) // phi_phi. Qed.

Lemma minimum_normalised : loss kind a v = min_loss R m.
Proof.
apply/(minima kind a_orth m0); split; first by rewrite sqnormZ (sqnorm_active kind a_orth).
rewrite {1}/active_part [LHS]scaler_sumr; apply: eq_bigr => i _.
by rewrite scalerA phi_normalised.
Qed.

Lemma active_normalised i : (phi kind (corr a v i) != 0) = (phi kind (corr a u i) != 0).
Proof. by rewrite phi_normalised mulf_eq0 gt_eqF. Qed.

Lemma count_normalised : active_count kind a v = active_count kind a u.
Proof.
rewrite /active_count; have := corr_normalised; case: kind => // cE.
by apply: eq_card => i; rewrite !inE cE pmulr_rgt0 // phi_relu_gt0.
Qed.
End Normalised.

(** ** Gradient descent *)
Section Descent.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
  (eta : R) (w0 : 'rV[R]_n).
Hypotheses (arch : forall x : R, exists k : nat, x <= k%:R) (a_orth : orthonormal a)
  (eta0 : 0 < eta) (eta1 : eta <= m%:R / 4%:R)
  (start : sqnorm w0 + energy kind a w0 <= 2%:R) (some : exists i, eligible kind a w0 i).
Local Notation C := (energy kind a w0).
Local Notation k := ((Num.sqrt C)^-1).
Local Notation v := (k *: active_part kind a w0).

Lemma some_point : (0 < m)%N. Proof. by case: some => i _; exact: leq_ltn_trans (ltn_ord i). Qed.

Lemma start_energy : 0 < C.
Proof.
case: some => i; rewrite eligibleE => ci; rewrite /energy (bigD1 i) //=.
have : 0 < phi kind (corr a w0 i) ^+ 2 by rewrite exprn_even_gt0.
move=> h; apply: (lt_le_trans h); rewrite -subr_ge0 addrC addKr.
by apply: sumr_ge0 => j _; exact: sqr_ge0.
Qed.

Lemma root_gt0 : 0 < Num.sqrt C. Proof. by rewrite sqrtr_gt0 start_energy. Qed.
Lemma root_sqr : Num.sqrt C ^+ 2 = C. Proof. by rewrite sqr_sqrtr // ltW // start_energy. Qed.
Lemma unit_end : k ^+ 2 * C = 1.
Proof. by rewrite -[X in _ * X]root_sqr -exprMn mulVf ?expr1n // gt_eqF // root_gt0. Qed.
Lemma scale_gt0 : 0 < k. Proof. by rewrite invr_gt0 root_gt0. Qed.

Lemma descent_converges : converges_to (gd_weights kind a eta w0) v.
Proof.
move=> e e0; have C0 := start_energy; have E1 := energy_le1 a_orth start : C <= 1.
have al0 := al_ge0 some_point eta0; have al1 := al_le some_point eta1.
pose D := 1 - C + 4%:R / C * rest kind a w0.
have D0 : 0 <= D.
  have R0 := rest_ge0 kind a_orth w0; have i0 : 0 <= C^-1 by rewrite invr_ge0 ltW.
  by rewrite /D; cert ((1 - C) + 4%:R * C^-1 * rest kind a w0).
pose q := rate kind a eta w0.
have q0 : 0 <= q.
  rewrite /q /rate; have C0' := ltW C0; move: (eta / m%:R) al0 al1 => al al0 al1.
  by cert (7%:R / 8%:R + al * (1 - C) / 2%:R + (4%:R^-1 - al) / 2%:R).
have q1 : q < 1.
  rewrite /q /rate -subr_gt0 opprB addrC subrK.
  by rewrite !mulr_gt0 ?invr_gt0 ?ltr0n ?some_point.
have e2 : 0 < e ^+ 2 by rewrite exprn_gt0.
have [T small] := geometric_small arch q0 q1 D0 e2; exists T => t /subnKC <-.
rewrite gd_weightsE; apply: le_trans (gd_limit a_orth some_point eta0 eta1 start C0 _ root_gt0 root_sqr) _.
apply: le_trans small; rewrite -/q -/D; apply: mul_le => //.
  by rewrite exprn_ge0.
elim: (t - T)%N => [|s IH]; first by rewrite addn0.
apply: le_trans IH; rewrite addnS exprS; have p0 : 0 <= q ^+ (T + s) by rewrite exprn_ge0.
by cert ((1 - q) * q ^+ (T + s)); rewrite subr_ge0 ltW.
Qed.
End Descent.

(** ** Data points *)
Section DataPoint.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (i : 'I_m) (s : R).
Hypotheses (a_orth : orthonormal a) (sign : s = 1 \/ kind = Linear /\ s = -1).
Local Notation v := (s *: a i).

Lemma corr_point j : corr a v j = if j == i then s else 0.
Proof. by rewrite /corr dotZl a_orth eq_sym; case: (j == i); rewrite ?mulr1 ?mulr0. Qed.

Lemma phi_point j : phi kind (corr a v j) = if j == i then s else 0.
Proof.
rewrite corr_point; case: (j == i); last exact: phi0.
by rewrite /Definitions.phi; case: sign => [->|[-> ->]] //; case: kind; rewrite ?ler01.
Qed.

Lemma point_minimal : loss kind a v = min_loss R m.
Proof.
apply/(minima kind a_orth (leq_ltn_trans (leq0n i) (ltn_ord i))); split.
  rewrite sqnormZ /sqnorm a_orth eqxx mulr1.
  by case: sign => [->|[_ ->]]; rewrite ?sqrrN expr1n.
rewrite /active_part (bigD1 i) //= phi_point eqxx big1 ?addr0 // => j ji.
by rewrite phi_point (negbTE ji) scale0r.
Qed.

Lemma point_count : active_count kind a v = if kind is Relu then 1%N else m.
Proof.
rewrite /active_count; have := sign; case: kind => // -[s1|[//]].
rewrite (_ : [set j | _] = [set i]) ?cards1 //; apply/setP => j; rewrite !inE corr_point s1.
by case: (j == i); rewrite ?ltr01 ?ltxx.
Qed.

Lemma point_trace kappa : \tr (hessian_kappa kind a kappa v) =
  if kind is Relu then (n%:R + 3%:R - kappa * (m%:R - 1)) / m%:R
  else (n%:R + 4%:R - m%:R) / m%:R.
Proof.
rewrite (trace_at_minimum a_orth point_minimal) point_count.
by case: kind; congr (_ / _); ring.
Qed.
End DataPoint.

Lemma sign_eligible (R : realFieldType) kind (c : R) :
  (if kind is Relu then 0 < c else c != 0) -> Num.sg c = 1 \/ kind = Linear /\ Num.sg c = -1.
Proof.
case: kind => [c0|c0]; last by left; rewrite gtr0_sg.
by case: (ltrgtP 0 c) c0 => // [cp|cn] _; [left; rewrite gtr0_sg | right; rewrite ltr0_sg].
Qed.
