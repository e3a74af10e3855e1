(** The two ways to draw batches, with and without replacement, tell the points apart; fair and
    recurrent sequences of draws are almost sure. So is: a run that converges rests at a point
    that is all or nothing. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Whichmin Require Import Vectors Prob Exchange AllOrNothing Limits Bets Surely Resting.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** The two ways to draw *)
Lemma batch_separating (R : realFieldType) (m n b : nat) : (0 < b)%N -> (b < m)%N ->
  separating R n (@batch_points m b).
Proof.
move=> b0 bm g zero; apply: (batch_sums_zero b0 bm) => B cB.
have := zero (exist _ B (introT eqP cB) : batch m b); by rewrite /batch_points /= big_enum.
Qed.

Lemma tuple_single (m b : nat) (i : 'I_m) : (0 < b)%N ->
  exists (o : b.-tuple 'I_m) c, tuple_points o = nseq c.+1 i.
Proof. by case: b => // c _; exists [tuple of nseq c.+1 i], c. Qed.

Lemma batch_single (m : nat) (i : 'I_m) : exists (o : batch m 1) c, batch_points o = nseq c.+1 i.
Proof.
have c1 : #|[set i]| == 1%N by rewrite cards1.
by exists (exist _ [set i] c1 : batch m 1), 0%N; rewrite /batch_points /= enum_set1.
Qed.

Lemma single_separating (R : realFieldType) (m n : nat) (Om : finType) (points : Om -> seq 'I_m) :
  (forall i, exists o c, points o = nseq c.+1 i) -> separating R n points.
Proof.
move=> single g zero i; have [o [c oE]] := single i; apply/eqP.
have /eqP := zero o; rewrite oE big_nseq iter_addr_0 -scaler_nat scaler_eq0 pnatr_eq0.
by [].
Qed.

(** ** Almost surely *)
Section AlmostSurely.
Variable Om : finType.

Theorem recurrent_sure : almost_surely_strong (@recurrent Om).
Proof.
apply: almost_surely_some => o0; have Om0 : (0 < #|Om|)%N by apply/card_gt0P; exists o0.
exact: almost_surely_imp (players_win (fun (o : Om) _ => o) Om0).
Qed.
End AlmostSurely.

Section Runs.
Variables (R : realFieldType) (m n h : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R).
Variables (Om : finType) (points : Om -> seq 'I_m) (W0 : 'I_h -> 'rV[R]_n).

(** W_t depends on the first t draws only. *)
Lemma eq_run (f g : nat -> seq 'I_m) t : (forall u, (u < t)%N -> f u = g u) ->
  tied_run kind a kink eta f W0 t = tied_run kind a kink eta g W0 t.
Proof.
elim: t => [//|t IH] fg.
by rewrite /= (fg t (ltnSn t)) (IH (fun u ut => fg u (ltnW ut))).
Qed.

Theorem fair_sure : almost_surely_strong (fair kind a kink eta points W0).
Proof.
apply: almost_surely_some => o0; have Om0 : (0 < #|Om|)%N by apply/card_gt0P; exists o0.
pose player (f : {ffun {ffun 'I_h * 'I_m -> bool * bool} -> Om}) (s : seq Om) : Om :=
  f (sign_pattern a (tied_run kind a kink eta (fun u => points (nth o0 s u)) W0 (size s))).
apply: almost_surely_imp (players_win player Om0) => d win bet T0.
have [t [tT dt]] := win [ffun s => bet s] T0; exists t; split=> //.
rewrite dt /player ffunE size_mkseq; congr (bet (sign_pattern a _)).
by apply: eq_run => u ut; rewrite nth_mkseq.
Qed.

Theorem every_limit_all_or_nothing : eta != 0 -> separating R n points ->
  every_limit kind a kink eta points W0 (all_or_nothing_point kind a).
Proof.
move=> eta0 sep; apply: almost_surely_imp fair_sure => d fair_d W conv.
exact: (fair_run_rests eta0 conv sep fair_d).
Qed.

Lemma every_limit_imp (P Q : ('I_h -> 'rV[R]_n) -> Prop) : (forall W, P W -> Q W) ->
  every_limit kind a kink eta points W0 P -> every_limit kind a kink eta points W0 Q.
Proof. by move=> PQ; apply: almost_surely_imp => d all_d W /all_d; exact: PQ. Qed.
End Runs.
