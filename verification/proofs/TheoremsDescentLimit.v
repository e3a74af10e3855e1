(** The known theorem on gradient descent in readable form, dead starts, and the cosines. The limit
    is [GD.gd_limit] with the root of the energy taken. The cosines are those of vectors that are
    known in closed form: <P w0, w0> = |P w0|^2 = C(w0) for the active part P w0. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Direction.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation G := (active_part kind a).
Local Notation dir := (gd_direction kind a).
Implicit Types w : 'rV[R]_n.

Lemma vnorm_active w : vnorm (G w) = Num.sqrt (C w).
Proof. by rewrite /vnorm sqnorm_active. Qed.

Lemma dot_active w : dot (G w) w = C w.
Proof.
rewrite dot_suml; apply: eq_bigr => i _.
by rewrite dotZl (dotC (a i)) mulrC -/(corr a w i) phi_self.
Qed.

Lemma corr_active w i : c (G w) i = phi (c w i).
Proof. exact: (dot_comb orth (fun i => phi (c w i))). Qed.

Lemma phi_idem (t : R) : phi (phi t) = phi t.
Proof. by rewrite /Definitions.phi; case: kind => //; case: (boolP (0 <= t)) => [h|_];
  rewrite ?h ?lexx.
Qed.

Section Active.
Variable w : 'rV[R]_n.
Hypothesis C0 : 0 < C w.

Lemma active_neq0 : G w != 0.
Proof. by rewrite -sqnorm_eq0 sqnorm_active // gt_eqF. Qed.

Lemma root_gt0 : 0 < Num.sqrt (C w). Proof. by rewrite sqrtr_gt0. Qed.

Lemma start_neq0 : w != 0.
Proof. by rewrite -sqnorm_gt0; apply: lt_le_trans C0 (energy_le kind orth w). Qed.

Lemma dirE : dir w = (Num.sqrt (C w))^-1 *: G w.
Proof. by rewrite /gd_direction /normalised vnorm_active. Qed.

Lemma sqnorm_dir : N (dir w) = 1. Proof. exact: sqnorm_normalised active_neq0. Qed.

Lemma phi_dir i : phi (c (dir w) i) = phi (c w i) / Num.sqrt (C w).
Proof.
rewrite dirE /corr dotZl -/(corr a _ i) corr_active phi_hom ?invr_ge0 ?sqrtr_ge0 //.
by rewrite phi_idem mulrC.
Qed.

Lemma active_dir : G (dir w) = dir w.
Proof.
rewrite [RHS]dirE /active_part scaler_sumr; apply: eq_bigr => i _.
by rewrite phi_dir scalerA mulrC.
Qed.
End Active.
End Direction.

(** The limit of gradient descent is a global minimum. *)
Lemma dir_minimal (R : rcfType) (m n : nat) kind (a : 'I_m -> 'rV[R]_n) w :
  orthonormal a -> (0 < m)%N -> 0 < energy kind a w ->
  loss kind a (gd_direction kind a w) = min_loss R m.
Proof. by move=> orth m0 C0; apply/(minima kind orth m0); rewrite active_dir // sqnorm_dir. Qed.

Theorem gd_limit : Statements.gd_limit.
Proof.
move=> R m n kind a eta w0 orth eta0 eta1 start [i ei] C0 q.
have m0 := data_positive ei; have mp : 0 < m%:R :> R by rewrite ltr0n.
have Cp : 0 < C0 := active_energy ei.
have al0 : 0 < eta / m%:R by rewrite divr_gt0.
have al1 := al_le m0 eta1; have al1' : 0 <= 4%:R^-1 - eta / m%:R by rewrite subr_ge0.
have E1 : C0 <= 1 := energy_le1 orth start.
have aC : 0 < eta / m%:R * C0 / 2%:R by apply: divr_gt0; rewrite ?ltr0n // mulr_gt0.
split; [ | by rewrite /q lt_move lt_grow | exact: dir_minimal | ].
  apply: (@lt_le_trans _ _ (7%:R / 8%:R)); first by rewrite divr_gt0 // ltr0n.
  rewrite /q; move: (eta / m%:R) (C0) al1' E1 (ltW al0) => al E al1' E1 h.
  by cert (al * (1 - E) / 2%:R + (4%:R^-1 - al) / 2%:R).
move=> t; rewrite gd_weightsE dirE //.
by apply: GD.gd_limit => //; [exact: root_gt0 | exact/sqr_sqrtr/energy_ge0].
Qed.

Theorem gd_unit_ball : Statements.gd_unit_ball.
Proof.
move=> R m n kind a w orth N1; have CN := energy_le kind orth w.
by cert ((1 - sqnorm w) + (sqnorm w - energy kind a w) + (1 - sqnorm w)).
Qed.

Theorem gd_silent_start : Statements.gd_silent_start.
Proof.
move=> R m n kind a eta w0 dead; split=> [|m0 orth]; last first.
  by rewrite loss_closed // (inactive_energy dead) mulr0 mul0r addr0.
elim=> // t /= ->; rewrite /gradient big1 ?scaler0 ?subr0 // => i _.
have := dead i; rewrite eligibleE negbK /sample_gradient => /eqP ->.
by rewrite mulr0 expr0n !scale0r addr0.
Qed.

Theorem gd_cosines : Statements.gd_cosines.
Proof.
move=> R m n kind a w0 orth [i ei] w; have C0 := active_energy ei.
have r0 := root_gt0 C0; have v0 : 0 < vnorm w0 by rewrite vnorm_gt0 (start_neq0 orth C0).
have E : cosine w w0 = Num.sqrt (energy kind a w0) / vnorm w0.
  rewrite /cosine (vnorm1 (sqnorm_dir orth C0)) mul1r /w dirE // dotZl dot_active.
  by rewrite -{2}(sqr_sqrtr (ltW C0)) expr2 mulrA mulVf ?mul1r // gt_eqF.
split=> // [|j]; first by rewrite vnorm_active.
have v1 : vnorm (a j) = 1 by rewrite vnorm1 // /sqnorm orth eqxx.
rewrite /cosine (vnorm1 (sqnorm_dir orth C0)) v1 mulr1 divr1 /w dirE // dotZl.
by rewrite -/(corr a _ j) corr_active // mulrC.
Qed.

Section Compare.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n) (i :
  'I_m).
Hypotheses (orth : orthonormal a) (ei : eligible kind a w0 i).
Local Notation s := (Num.sg (corr a w0 i)).

Lemma eligible_neq0 : corr a w0 i != 0.
Proof.
by move: ei; rewrite /eligible; case: kind => // /lt0r_neq0.
Qed.

Lemma phi_norm : phi kind (corr a w0 i) ^+ 2 = `|corr a w0 i| ^+ 2.
Proof.
rewrite -normrX ger0_norm ?sqr_ge0 //; move: ei; rewrite /eligible /phi; case: kind => // /ltW ->.
by [].
Qed.

Lemma vnorm_point j : vnorm (a j) = 1.
Proof. by rewrite vnorm1 // /sqnorm orth eqxx. Qed.

Lemma vnorm_signed : vnorm (s *: a i) = 1.
Proof. by rewrite vnormZ vnorm_point mulr1 normr_sg eligible_neq0. Qed.

Lemma cosine_signed : cosine (s *: a i) w0 = `|corr a w0 i| / vnorm w0.
Proof. by rewrite /cosine vnorm_signed mul1r dotZl (dotC (a i)) -/(corr a w0 i) normrEsg. Qed.
End Compare.

Theorem sgd_cosines : Statements.sgd_cosines.
Proof.
move=> R m n kind a w0 i orth ei w; have c0 := eligible_neq0 ei.
have E j : cosine w (a j) = Num.sg (corr a w0 i) * (i == j)%:R.
  by rewrite /cosine (vnorm_signed orth ei) (vnorm_point orth) mulr1 divr1 dotZl orth.
split; [exact: (cosine_signed orth ei) | by rewrite E eqxx mulr1 | | ].
  by rewrite E eqxx mulr1 normr_sg c0.
by move=> j ji; rewrite E eq_sym (negbTE ji) mulr0.
Qed.

Theorem cosines_compared : Statements.cosines_compared.
Proof.
move=> R m n kind a w0 i orth ei wg ws; have C0 := active_energy ei.
have v0 : 0 < vnorm w0 by rewrite vnorm_gt0 (start_neq0 orth C0).
have [_ -> _] := gd_cosines orth (ex_intro _ i ei); rewrite (cosine_signed orth ei).
have CE : energy kind a w0 = `|corr a w0 i| ^+ 2 + \sum_(j | j != i) phi kind (corr a w0 j) ^+ 2.
  by rewrite -(phi_norm ei) /energy (bigD1 i).
have S0 : 0 <= \sum_(j | j != i) phi kind (corr a w0 j) ^+ 2.
  by apply: sumr_ge0 => j _; exact: sqr_ge0.
split.
  rewrite le_times ?invr_gt0 // -(normr_id (corr a w0 i)) -sqrtr_sqr ler_sqrt ?(ltW C0) //.
  by rewrite CE le_grow.
have iff : (`|corr a w0 i| / vnorm w0 = Num.sqrt (energy kind a w0) / vnorm w0) <->
   \sum_(j | j != i) phi kind (corr a w0 j) ^+ 2 = 0.
  split=> [|S]; last by rewrite CE S addr0 sqrtr_sqr normr_id.
  move/(mulIf (invr_neq0 (lt0r_neq0 v0))) => E; move: CE; rewrite -{1}(sqr_sqrtr (ltW C0)) -E.
  by rewrite -[LHS]addr0 => /addrI <-.
rewrite iff; split=> [/eqP|only].
  rewrite psumr_eq0 => [/allP all0 j ej|j _]; last exact: sqr_ge0.
  apply/eqP/negPn/negP => ji; have := all0 j (mem_index_enum _); rewrite ji /= sqrf_eq0.
  by apply/negP; rewrite -eligibleE.
apply: big1 => j ji; apply/eqP; rewrite sqrf_eq0; apply: contraNT ji => ej.
by apply/eqP/only; rewrite eligibleE.
Qed.
