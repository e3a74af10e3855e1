(** The last layer of any network. Its gradient, the features times the residual, is continuous,
    so that no kink matters: where SGD with recurrent draws converges, (z i k) e_i = 0 for every
    point i and every feature k. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Exchange AllOrNothing Limits Resting Sure.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section LastLayer.
Variables (R : realFieldType) (m n h : nat) (y : 'I_m -> 'rV[R]_n) (eta : R).
Variables (Om : finType) (points : Om -> seq 'I_m) (draws : nat -> Om).
Variables (z : nat -> 'I_m -> 'I_h -> R) (U : nat -> 'I_h -> 'rV[R]_n).
Variables (zlim : 'I_m -> 'I_h -> R) (Ulim : 'I_h -> 'rV[R]_n).
Hypotheses (eta0 : eta != 0) (rule : last_layer_sgd y eta (fun t => points (draws t)) z U)
  (convU : weights_converge_to U Ulim) (convz : features_converge z zlim).

Lemma layer_tends k : vtends (fun t => U t k) (Ulim k).
Proof.
move=> j e e0; have [T hT] := convU e0; exists T => t tT.
by have := coordinate_le j e0 (hT t tT k); rewrite !mxE.
Qed.

Lemma features_tend i k : tends (fun t => z t i k) (zlim i k).
Proof. by move=> e e0; have [T hT] := convz e0; exists T => t tT; exact: hT. Qed.

Lemma last_gradient_tends i k :
  vtends (fun t => last_gradient y (z t) (U t) i k) (last_gradient y zlim Ulim i k).
Proof.
apply: vtendsN; apply: vtendsZ; first exact: features_tend.
apply: vtendsD; first exact: vtends_const.
apply: vtendsN; apply: vtends_sum => l.
by apply: vtendsZ; [exact: features_tend | exact: layer_tends].
Qed.

(** The gradient of every draw vanishes at the limit. *)
Lemma last_draw_rests o k : recurrent draws ->
  \sum_(i <- points o) last_gradient y zlim Ulim i k = 0.
Proof.
move=> rec; apply/eqP/negPn/negP => /rV0Pn[j]; set v := \sum_(i <- _) _ => vj.
pose alpha : R := eta / (size (points o))%:R.
have alpha0 : alpha != 0.
  rewrite mulf_neq0 // invr_neq0 // pnatr_eq0 size_eq0; apply: contra vj => /eqP nil.
  by rewrite /v nil big_nil mxE.
have step0 : tends (fun t => U t.+1 k 0 j - U t k 0 j) (Ulim k 0 j - Ulim k 0 j).
  apply: tendsD; last by apply: tendsN; exact: layer_tends.
  by apply: (tends_shift (x := fun t => U t k 0 j)); exact: layer_tends.
have stepv : tends (fun t => - (alpha * (\sum_(i <- points o) last_gradient y (z t) (U t) i k) 0 j))
    (- (alpha * v 0 j)).
  apply: tendsN; apply: tendsM; first exact: tends_const.
  by apply: vtends_sum => i; exact: last_gradient_tends.
have ne : Ulim k 0 j - Ulim k 0 j != - (alpha * v 0 j) by rewrite subrr eq_sym oppr_eq0 mulf_neq0.
have [T differ] := tends_neq step0 stepv ne; have [t [tT dt]] := rec o T.
by apply: (differ t tT); rewrite rule dt !mxE addrC addrA addNr add0r.
Qed.

Theorem last_layer_rests : separating R n points -> recurrent draws ->
  forall i, last_residual y zlim Ulim i = 0 \/ forall k, zlim i k = 0.
Proof.
move=> sep rec i; have zero k : last_gradient y zlim Ulim i k = 0.
  by apply: (sep (fun i => last_gradient y zlim Ulim i k)) => o; exact: last_draw_rests.
have [e0|e0] := eqVneq (last_residual y zlim Ulim i) 0; [by left | right=> k; apply/eqP].
by have /eqP := zero k; rewrite /last_gradient oppr_eq0 scaler_eq0 (negbTE e0) orbF.
Qed.
End LastLayer.

(** The limit of a feature that is always 1. *)
Lemma bias_limit (R : realFieldType) (m h : nat) (z : nat -> 'I_m -> 'I_h -> R) zlim k0 :
  features_converge z zlim -> (forall t i, z t i k0 = 1) -> forall i, zlim i k0 = 1.
Proof.
move=> convz one i; apply/eqP/negPn/negP => ne.
have [T differ] := tends_neq (features_tend convz i k0) (tends_const 1) ne.
by apply: (differ T (leqnn T)); exact: one.
Qed.

(** ** The gradient is right *)
Lemma last_gradient_correct (R : realFieldType) (m n h : nat) (y : 'I_m -> 'rV[R]_n)
    (z : 'I_m -> 'I_h -> R) (U : 'I_h -> 'rV[R]_n) i k :
  is_gradient (fun u => 2%:R^-1 * sqnorm (last_residual y z (with_row U k u) i)) (U k)
    (last_gradient y z U i k).
Proof.
have resE u : last_residual y z (with_row U k u) i = last_residual y z U i - z i k *: (u - U k).
  rewrite /last_residual (bigD1 k) //= [in RHS](bigD1 k) //= /with_row eqxx.
  rewrite (eq_bigr (fun l => z i l *: U l)) => [|l /negbTE lk]; last by rewrite lk.
  move: (\sum_(l | l != k) z i l *: U l) => S; apply/rowP => j; rewrite !mxE.
  move: (y i 0 j) (u 0 j) (U k 0 j) (S 0 j) => p q r s; ring.
move=> e e0; pose K : R := (2%:R^-1 * z i k ^+ 2) ^+ 2.
apply: (@second_order R n _ K e e0) => [|u u1]; first exact: sqr_ge0.
have uE : U k + u - U k = u by rewrite addrAC subrr add0r.
rewrite !resE uE subrr scaler0 subr0 sqnormB sqnormZ dotZr dotNl dotZl.
have -> : 2%:R^-1 * (sqnorm (last_residual y z U i) - 2%:R * (z i k * dot (last_residual y z U i) u)
    + z i k ^+ 2 * sqnorm u) - 2%:R^-1 * sqnorm (last_residual y z U i)
    - - (z i k * dot (last_residual y z U i) u) = 2%:R^-1 * z i k ^+ 2 * sqnorm u by field.
by rewrite exprMn.
Qed.
