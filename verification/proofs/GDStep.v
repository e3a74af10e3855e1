(** One step of full-batch gradient descent in scalars, without a bound on the step size: if 1 - a
    C >= 0 and k = 1 + a u >= 0 (a = eta/m, u = 2 - N - C), or if the neuron is linear, the active
    part is multiplied by k and the rest by (1 - a C)^2. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Step.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).
Hypotheses (orth : orthonormal a).
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation G := (active_part kind a).
Local Notation rest := (rest kind a).
Local Notation next := (step kind a eta [set: 'I_m]).
Local Notation al := (eta / m%:R).
Implicit Types w : 'rV[R]_n.

Definition multiplier w : R := 1 + al * (2%:R - N w - C w).                        (* k *)

Lemma multiplierE w : multiplier w = 1 + al * (2%:R - 2%:R * C w - rest w).
Proof. by rewrite /multiplier /Definitions.rest; ring. Qed.

(** The neuron is linear, or neither factor is negative. *)
Definition no_flip w := kind = Linear \/ (0 <= 1 - al * C w /\ 0 <= multiplier w).

Section One.
Variable w : 'rV[R]_n.
Hypothesis ok : no_flip w.

Lemma phi_next j : phi (c (next w) j) = multiplier w * phi (c w j).
Proof.
have kE : multiplier w = (1 - al * C w) + al * (2%:R - N w) by rewrite /multiplier; ring.
rewrite (corr_step kind orth) inE full_shrink full_gain.
case: ok => [kl|[s0 k0]]; last by rewrite phi_affine -?kE.
by rewrite kE kl /=; move: (energy _ _ _) (N w) (c w j) (al) => E S x al_; ring.
Qed.

Lemma active_next : G (next w) = multiplier w *: G w.
Proof. by rewrite /active_part scaler_sumr; apply: eq_bigr => j _; rewrite phi_next scalerA. Qed.

Lemma energy_next : C (next w) = multiplier w ^+ 2 * C w.
Proof. by rewrite -!(sqnorm_active kind orth) active_next sqnormZ. Qed.

Lemma rest_next : rest (next w) = (1 - al * C w) ^+ 2 * rest w.
Proof.
rewrite /Definitions.rest energy_next (sqnorm_step kind orth) full_energy full_shrink full_gain.
by rewrite /multiplier; move: (N w) (C w) (al) => N' C' al'; ring.
Qed.
End One.

(** The distance from w to its own normalised active part. *)
Lemma distance w : 0 < C w ->
  N (w - gd_direction kind a w) = rest w + (1 - Num.sqrt (C w)) ^+ 2.
Proof.
move=> C0; rewrite sqnormB sqnorm_dir // dirE // dotZr dotC dot_active // /Definitions.rest.
have r0 := root_gt0 C0; rewrite -[in RHS](sqr_sqrtr (ltW C0)) -{2}(sqr_sqrtr (ltW C0)).
rewrite sqrtr_sqr (gtr0_norm r0); move: (Num.sqrt _) r0 => s s0.
by field; rewrite gt_eqF.
Qed.

Lemma root_near C' : 0 <= C' -> (1 - Num.sqrt C') ^+ 2 <= `|1 - C' ^+ 2| :> R.
Proof.
move=> C0; have s0 := sqrtr_ge0 C'; have -> : 1 - C' ^+ 2 = 1 - (Num.sqrt C' ^+ 2) ^+ 2.
  by rewrite sqr_sqrtr.
move: (Num.sqrt C') s0 => s s0.
case: (lerP s 1) => s1.
  apply: le_trans (ler_norm _).
  by cert ((1 - s) * s * (2%:R + s + s ^+ 2)).
have s1' : 0 <= s - 1 by rewrite subr_ge0 ltW.
rewrite -normrN; apply: le_trans (ler_norm _).
by cert ((s - 1) * (2%:R + s ^+ 2 + s ^+ 3)).
Qed.
End Step.
