(** Proofs of the statements on the landscape, one step, the linear Hessian and the noise: each is
    a theorem of the files below, here under the name of its statement. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Definitions Vectors Landscape Trap GD SGD Exchange Noise.
From Whichmin Require Import Fixed Points Gradient.
From Whichmin Require TheoremsCritical.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem gradient_correct : Statements.gradient_correct.
Proof. by move=> R m n kind a w; exact: gradient_is. Qed.

Theorem sample_gradient_correct : Statements.sample_gradient_correct.
Proof. by move=> R m n kind a i w; exact: sample_gradient_is. Qed.

Theorem loss_closed : Statements.loss_closed.
Proof. by move=> R m n kind a w a_orth m0; exact: Landscape.loss_closed. Qed.

Theorem gap : Statements.gap.
Proof.
move=> R m n kind a w a_orth m0; split; first exact: Landscape.gap.
by split; [exact: energy_ge0 | exact: rest_ge0].
Qed.

Theorem global_minimum : Statements.global_minimum.
Proof.
move=> R m n kind a a_orth m0; split=> [w|i]; first exact: Landscape.global_minimum.
exact: data_point_minimal.
Qed.

Theorem minima : Statements.minima.
Proof. by move=> R m n kind a w a_orth m0; exact: Landscape.minima. Qed.

Theorem one_step : Statements.one_step.
Proof.
move=> R m n kind a eta B w a_orth alpha S s g; split=> [j|].
  exact: (corr_step kind a_orth eta B w j).
exact: (sqnorm_step kind a_orth eta B w).
Qed.

Theorem trap : Statements.trap.
Proof. by move=> R m n kind a eta B w a_orth; exact: Trap.trap. Qed.

Theorem energy_level_kept : Statements.energy_level_kept.
Proof. by move=> R m n kind a eta B w l a_orth e0 e1 N1; exact: SGD.energy_level_kept. Qed.

Theorem hessian_correct : Statements.hessian_correct.
Proof. by move=> R m n a w a_orth m0; exact: Landscape.hessian_correct. Qed.

Theorem hessian_trace : Statements.hessian_trace.
Proof. by move=> R m n a w a_orth m0; exact: Landscape.hessian_trace. Qed.

Theorem hessian_trace_at_minima : Statements.hessian_trace_at_minima.
Proof. by move=> R m n a w a_orth m0; exact: Landscape.hessian_trace_at_minima. Qed.

Theorem sample_gradient_sqnorm : Statements.sample_gradient_sqnorm.
Proof. by move=> R m n kind a i w a_orth; exact: Noise.sample_gradient_sqnorm. Qed.

Theorem noise_trace : Statements.noise_trace.
Proof. by move=> R m n kind a w a_orth m0; exact: Noise.noise_trace. Qed.

Theorem noise_zero : Statements.noise_zero.
Proof.
move=> R m n kind a w a_orth m0 w_min; rewrite (Noise.noise_trace a_orth m0 w_min).
rewrite -(noise_at_minimum a_orth m0 w_min) -(Noise.noise_zero a_orth m0 w_min).
split=> [/eqP|->]; last by rewrite mul0r.
by rewrite mulf_eq0 invr_eq0 pnatr_eq0 (gtn_eqF m0) orbF => /eqP.
Qed.

Theorem batch_covariance_factor : Statements.batch_covariance_factor.
Proof. by move=> R m n b g b0 bm m1; exact: batch_covarianceE. Qed.

(** A combination is its own active part if its coefficients are the activations. *)
Theorem minima_linear : Statements.minima_linear.
Proof.
move=> R m n a w a_orth m0; split=> [/(minima Linear _ a_orth m0)[N1 wE]|[k wE k1]].
  exists (fun i => corr a w i) => //.
  by rewrite -[LHS](sqnorm_comb a_orth); rewrite -[X in sqnorm X]wE.
have ck i : corr a w i = k i by rewrite /corr wE (dot_comb a_orth).
apply/(minima Linear _ a_orth m0); split; first by rewrite wE (sqnorm_comb a_orth).
by rewrite {1}wE /active_part; apply: eq_bigr => i _; rewrite /= ck.
Qed.

Theorem minima_relu : Statements.minima_relu.
Proof.
move=> R m n a w a_orth m0; split=> [/(minima Relu _ a_orth m0)[N1 wE]|[k [k0 wE k1]]].
  exists (fun i => phi Relu (corr a w i)); split=> [i||] //.
    by rewrite /phi; case: ifP => // _; exact: lexx.
  by rewrite -[LHS](sqnorm_comb a_orth) -[X in sqnorm X]wE.
have ck i : corr a w i = k i by rewrite /corr wE (dot_comb a_orth).
apply/(minima Relu _ a_orth m0); split; first by rewrite wE (sqnorm_comb a_orth).
by rewrite {1}wE /active_part; apply: eq_bigr => i _; rewrite /phi ck k0.
Qed.

(** The loss is 1/2 at 0. At a_i it is the least; at - a_i too for the linear neuron, while ReLU
    does not respond there. *)
Theorem not_convex : Statements.not_convex.
Proof.
move=> R m n kind a i a_orth; have m0 : (0 < m)%N := leq_ltn_trans (leq0n i) (ltn_ord i).
have mn : m%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
have E0 : energy kind a 0 = 0.
  by rewrite /energy big1 // => j _; rewrite /corr dot0l /phi; case: (kind); rewrite ?lexx expr0n.
have L0 : loss kind a 0 = 2%:R^-1 by rewrite Landscape.loss_closed // E0 mulr0 mul0r addr0.
have N1 : sqnorm (- a i) = 1 by rewrite -scaleN1r sqnormZ /sqnorm a_orth eqxx sqrrN expr1n mulr1.
have Ei : energy kind a (- a i) = if kind is Relu then 0 else 1.
  have cE j : corr a (- a i) j = - (i == j)%:R by rewrite /corr dotNl a_orth.
  rewrite /energy (bigD1 i) //= big1 => [|j ji].
    rewrite cE eqxx /phi; case: (kind); first by rewrite sqrrN expr1n addr0.
    by rewrite leNgt oppr_lt0 ltr01 /= expr0n addr0.
  rewrite cE eq_sym (negbTE ji) oppr0 /phi.
  by case: (kind); rewrite ?lexx expr0n.
rewrite L0 data_point_minimal // Landscape.loss_closed // N1 Ei /min_loss.
by case: (kind); field.
Qed.

Theorem noise_vanishes : Statements.noise_vanishes.
Proof.
move=> R m n kind a w a_orth [i wE]; have zero j : sample_gradient kind a j w = 0.
  by case: wE => ->; [exact: (at_point kind a_orth i j).1 | exact: (at_point kind a_orth i j).2].
by split=> // eta B; rewrite /step big1 ?scaler0 ?subr0.
Qed.

Theorem noise_elsewhere : Statements.noise_elsewhere.
Proof.
move=> R m n kind a w a_orth w_min; have m0 := minimum_points w_min; split=> [i|].
  have [N1 _] := (minima kind w a_orth m0).1 w_min.
  by rewrite Noise.sample_gradient_sqnorm // N1; ring.
rewrite -(Noise.noise_zero a_orth m0 w_min); split=> [zero|/eqP].
  by rewrite big1 // => i _; rewrite zero /sqnorm dot0l.
rewrite psumr_eq0 => [/allP zero i|i _]; last exact: sqnorm_ge0.
by have := zero i (mem_index_enum _); rewrite /= sqnorm_eq0 => /eqP.
Qed.

Theorem batch_fixed_points : Statements.batch_fixed_points.
Proof.
move=> R m n kind a eta B w a_orth e0; have [->|B0] := eqVneq B set0.
  by split=> [_|_]; [left=> i; rewrite inE | rewrite /step big_set0 scaler0 subr0].
by rewrite (step_fixed kind a w e0 B0); exact: gradient_sum_zero.
Qed.

Theorem common_fixed_points : Statements.common_fixed_points.
Proof. by move=> R m n b kind a eta w a_orth e0 b0 bm; exact: common. Qed.

Theorem signs_kept : Statements.signs_kept.
Proof.
move=> R m n b kind a eta w0 Bs w a_orth e0 e1 N0; rewrite /trajectory.
suff gen : forall v, sqnorm v <= 21%:R / 20%:R ->
    forall u, u \in states (@sgd_step R m n b kind a eta) v Bs ->
    sqnorm u <= 21%:R / 20%:R /\ forall j, Num.sg (corr a u j) = Num.sg (corr a v j).
  exact: gen N0 w.
elim: Bs => [|B Bs IH] v Nv u; first by rewrite /states inE => /eqP ->.
rewrite /states in_cons => /orP[/eqP -> //|].
have e1' : eta / #|val B|%:R <= 5%:R^-1 by rewrite (eqP (valP B)).
have [N1 s1] := Trap.trap kind a_orth e0 e1' Nv.
move=> uin; have [Nu su] := IH _ N1 _ uin; split=> // j; rewrite su.
exact: s1.
Qed.

Theorem full_batch_fixed_points : Statements.full_batch_fixed_points.
Proof.
move=> R m n kind a eta w a_orth e0; split; last exact: TheoremsCritical.critical_points.
rewrite TheoremsCritical.critical_gradient /=; split=> [/eqP|->]; last by rewrite scaler0 subr0.
by rewrite subr_eq addrC -subr_eq subrr eq_sym scaler_eq0 (negbTE e0) => /eqP.
Qed.

Theorem no_saddle_below : Statements.no_saddle_below.
Proof.
move=> R m n kind a a_orth m0 w crit low.
have L : loss kind a w = min_loss R m.
  have [sil|//] := (TheoremsCritical.critical_points kind a_orth w).1 crit.
  have [_ _ half] := TheoremsCritical.critical_values kind a_orth m0.
  by rewrite half ?ltxx in low.
split=> // -[_ near]; have [[h _ less] _] := near 1 ltr01.
by move: less; rewrite L ltNge (global_minimum kind a_orth m0).1.
Qed.
