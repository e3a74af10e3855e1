(** The statements on random step sizes: from [Random], whose rate is that of the shares 5 lambda of
    the step size 1/5, to the kinds of sampling. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Exchange Converge Shares SharesFarOut.
From Whichmin Require Import SharesDrift SharesTotal SharesConverge TheoremsReplacement NullSets.
From Whichmin Require Import Infinite Random Minimal Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma iterates_ext (Om W : Type) (f g : Om -> W -> W) w0 draws t : (forall o v, f o v = g o v) ->
  iterates f w0 draws t = iterates g w0 draws t.
Proof. by move=> fg; elim: t => //= t ->; rewrite fg. Qed.

(** Halfway from x to 1. *)
Lemma halfway (R : realFieldType) (x : R) : 0 < x -> x < 1 ->
  0 < (1 + x) / 2%:R < 1 /\ x < (1 + x) / 2%:R.
Proof.
move=> x0 x1; have d : 0 < (1 - x) / 2%:R by rewrite divr_gt0 ?ltr0n // subr_gt0.
split; last by rewrite -subr_gt0; have -> : (1 + x) / 2%:R - x = (1 - x) / 2%:R by field.
apply/andP; split; first by rewrite divr_gt0 ?ltr0n // addr_gt0 ?ltr01.
by rewrite -subr_gt0; have -> : 1 - (1 + x) / 2%:R = (1 - x) / 2%:R by field.
Qed.

Section Both.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (Om : finType).
Variables (next : Om -> 'rV[R]_n -> 'rV[R]_n) (w0 : 'rV[R]_n).

Lemma converge_ext g (r : R) : (forall o v, next o v = g o v) ->
  converges_to_one_point kind a g w0 /\ converges_like kind a g w0 r ->
  converges_to_one_point kind a next w0 /\ converges_like kind a next w0 r.
Proof.
move=> E [h1 h2]; split.
  apply: null_complement_imp h1 => draws [i [ei conv]]; exists i; split=> // e e0.
  by have [T h] := conv e e0; exists T => t tT; rewrite (iterates_ext w0 draws t E); exact: h.
apply: null_complement_imp h2 => draws [i [ei [T h]]]; exists i; split=> //; exists T => t tT.
by rewrite (iterates_ext w0 draws t E); exact: h.
Qed.

Lemma converge_at_rate (q c r : R) : (forall x : R, exists k : nat, x <= k%:R) ->
  0 < q -> q < 1 -> 0 <= c -> q < r ->
  almost_surely (fun draws => exists2 i, active kind a w0 i & exists T1, forall t, (T1 <= t)%N ->
    sqnorm (iterates next w0 draws t - target a w0 i) <= q ^+ (t - T1) * c) ->
  converges_to_one_point kind a next w0 /\ converges_like kind a next w0 r.
Proof.
move=> arch q0 q1 c0 qr h; split; apply: null_complement_imp h => draws [i ai [T1 near]].
  exists i; split=> [|e e0]; first by rewrite eligibleE; exact: ai.
  have e2 : 0 < e ^+ 2 by rewrite exprn_gt0.
  have [T [T1T small]] := bound_vanishes arch q0 q1 c0 T1 e2; exists T => t tT.
  by apply: le_trans (small t tT); apply: near; exact: leq_trans tT.
exists i; split; first by rewrite eligibleE; exact: ai.
have [T [T1T small]] := bound_below_power arch q0 c0 T1 qr; exists T => t tT.
by apply: le_trans (small t tT); apply: near; exact: leq_trans tT.
Qed.
End Both.

Theorem sgd_random_steps_converge : Statements.sgd_random_steps_converge.
Proof.
move=> R m Om lambda arch exch un.
have [i0 _] : exists i : 'I_m, true by case: un => [[o [i _]]|[_ [o [i _]]]]; exists i.
have [pE [delta [d0 d1 prefer]]] := scaled_shares exch un.
have eta0 : 0 < 5%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have [q0 q1 _] := decay_bounds eta0 (lexx _) d0 d1 prefer i0.
have [r01 qr] := halfway q0 q1; exists ((1 + decay 5%:R^-1 Om delta) / 2%:R); split=> //.
move=> n kind a w0 orth start [i ei].
have act : exists i, phi kind (corr a w0 i) != 0 by exists i; rewrite -eligibleE.
apply: (converge_ext (scaled_step lambda kind a)).
apply: (converge_at_rate arch q0 q1 _ qr).
  exact: (ci_ge0 eta0 (lexx _) d0 d1 prefer i0).
exact: (random_null_at_rate orth eta0 (lexx _) pE d0 d1 prefer i0 arch start act).
Qed.

Theorem sgd_with_replacement_converges : Statements.sgd_with_replacement_converges.
Proof.
move=> R m b eta arch m0 b0 eta0 eta1.
have exch : exchangeable (@list_steps R m b eta) by exact: list_exchangeable (ltW eta0) eta1.
have un : uneven (@list_steps R m b eta) by exact: list_uneven b0 (Ordinal m0) eta0.
have [r [r01 h]] := sgd_random_steps_converge arch exch un; exists r; split=> //.
move=> n kind a w0 orth w1 el.
by apply: converge_ext (h n kind a w0 orth w1 el) => o v; exact: replacement_own.
Qed.

Theorem sgd_poisson_converges : Statements.sgd_poisson_converges.
Proof.
move=> R m d k alpha arch m0 k0 kd a0 a1.
have exch : exchangeable (@poisson_steps R m d k alpha) by exact: poisson_exchangeable (ltW a0) a1.
have un : uneven (@poisson_steps R m d k alpha) by exact: poisson_uneven (Ordinal m0) k0 kd a0.
have [r [r01 h]] := sgd_random_steps_converge arch exch un; exists r; split=> //.
move=> n kind a w0 orth w1 el.
by apply: converge_ext (h n kind a w0 orth w1 el) => o v; exact: poisson_own.
Qed.

Theorem finds_minimum_with_replacement : Statements.finds_minimum_with_replacement.
Proof.
move=> R m n b kind a eta w0 arch orth b0 eta0 eta1 start el; have [i0 _] := el.
have m0 : (0 < m)%N := leq_ltn_trans (leq0n _) (ltn_ord i0).
have [r [_ h]] := sgd_with_replacement_converges arch m0 b0 eta0 eta1.
have [conv _] := h n kind a w0 orth start el.
apply: null_complement_imp conv => draws [i [ei tends]]; exists (signed_point a w0 i); split=> // v.
by rewrite (point_minimal orth m0 ei); exact: global_minimum.
Qed.
