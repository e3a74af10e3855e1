(** Two points that always come together are not told apart: one neuron at 3/5 a_i + 4/5 a_j is
    not moved by a batch that has both or neither, but it neither reconstructs them nor gives them
    up. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Exchange AllOrNothing Limits Corollaries.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Together.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R).
Hypothesis orth : orthonormal a.
Variables (i j : 'I_m).
Hypothesis ij : i != j.
Let c : R := 3%:R / 5%:R.
Let d : R := 4%:R / 5%:R.
Let w : 'rV[R]_n := c *: a i + d *: a j.
Definition mixture : 'I_1 -> 'rV[R]_n := fun _ => w.
Local Notation grad := (@tied_gradient R m n 1 kind a kink).

Lemma c_gt0 : 0 < c. Proof. by rewrite divr_gt0 ?ltr0n. Qed.
Lemma d_gt0 : 0 < d. Proof. by rewrite divr_gt0 ?ltr0n. Qed.
Lemma unit_cd : c ^+ 2 + d ^+ 2 = 1. Proof. by rewrite /c /d; field. Qed.

Lemma dot_w l : dot w (a l) = c * (i == l)%:R + d * (j == l)%:R.
Proof. by rewrite dotDl !dotZl !orth. Qed.

Lemma dot_ww : dot w w = 1.
Proof.
rewrite {2}/w dotDr !dotZr !dot_w !eqxx eq_sym (negbTE ij) !mulr0 !mulr1 addr0 add0r -unit_cd.
by rewrite !expr2.
Qed.

Lemma feature_pos l t k : 0 < t -> dot w (a l) = t -> feature kind a mixture k l = t.
Proof. by move=> t0 wl; rewrite /feature /pre wl /phi; case: kind; rewrite ?(ltW t0). Qed.

Lemma residual_pos l t : 0 < t -> dot w (a l) = t -> residual kind a mixture l = a l - t *: w.
Proof. by move=> t0 wl; rewrite /residual /output big_ord1 (feature_pos _ t0 wl). Qed.

Lemma grad_pos l t k : 0 < t -> dot w (a l) = t -> grad l mixture k = - (t *: a l - t ^+ 2 *: w).
Proof.
move=> t0 wl; rewrite /tied_gradient (feature_pos _ t0 wl) (residual_pos t0 wl).
have -> : dot (mixture k) (a l - t *: w) = 0 by rewrite dotBr dotZr wl dot_ww mulr1 subrr.
by rewrite mulr0 scale0r addr0 scalerBr scalerA -expr2.
Qed.

Lemma mixture_rests (B : {set 'I_m}) k : (i \in B) = (j \in B) ->
  \sum_(l in B) grad l mixture k = 0.
Proof.
move=> iBj; have wi : dot w (a i) = c by rewrite dot_w eqxx eq_sym (negbTE ij) mulr0 mulr1 addr0.
have wj : dot w (a j) = d by rewrite dot_w eqxx (negbTE ij) mulr0 mulr1 add0r.
have other l : l != i -> l != j -> grad l mixture k = 0.
  move=> li lj; apply: invisible_gradient => k'; rewrite /feature /pre dot_w !(eq_sym _ l).
  by rewrite (negbTE li) (negbTE lj) !mulr0 addr0 /phi; case: kind; rewrite ?lexx.
case iB: (i \in B); last first.
  rewrite big1 // => l lB; apply: other; apply: contraTneq lB => ->; first by rewrite iB.
  by rewrite -iBj iB.
rewrite (bigD1 i) //= (bigD1 j) /=; last by rewrite -iBj iB eq_sym.
rewrite big1 => [|l /andP[/andP[_ li] lj]]; last exact: other.
rewrite addr0 (grad_pos _ c_gt0 wi) (grad_pos _ d_gt0 wj) -opprD addrACA -opprD -scalerDl.
by rewrite unit_cd scale1r -/w subrr oppr0.
Qed.

Lemma mixture_not_all_or_nothing : ~ all_or_nothing_point kind a mixture.
Proof.
have wi : dot w (a i) = c by rewrite dot_w eqxx eq_sym (negbTE ij) mulr0 mulr1 addr0.
have wj : dot w (a j) = d by rewrite dot_w eqxx (negbTE ij) mulr0 mulr1 add0r.
case/(_ i) => [eE|/(_ ord0)]; last first.
  by rewrite (feature_pos _ c_gt0 wi) => z; have := c_gt0; rewrite z ltxx.
have := dot0l (a j); rewrite -eE (residual_pos c_gt0 wi) dotBl dotZl wj orth (negbTE ij) sub0r.
by move/eqP; rewrite oppr_eq0 gt_eqF // mulr_gt0 ?c_gt0 ?d_gt0.
Qed.

(** So a run of batches that have both or neither stays at the mixture for ever. *)
Lemma together_run (draws : nat -> {set 'I_m}) : (forall t, (i \in draws t) = (j \in draws t)) ->
  forall t k, tied_run kind a kink eta (fun t => enum (draws t)) mixture t k = mixture k.
Proof.
by move=> both; apply: constant_run => t k; rewrite big_enum /=; exact: mixture_rests.
Qed.
End Together.
