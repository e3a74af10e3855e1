(** All or nothing: each statement of [Statements] and its proof. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Whichmin Require Import Vectors Prob Exchange AllOrNothing Limits Bets Surely Resting Sure.
From Whichmin Require Import Corollaries LastLayer Together NullSets TheoremsPath Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem tied_gradient_correct : Statements.tied_gradient_correct.
Proof. exact: AllOrNothing.tied_gradient_correct. Qed.

Theorem one_neuron_gradient : Statements.one_neuron_gradient.
Proof. move=> R m n kind a kink i W k; exact: Corollaries.one_neuron_gradient. Qed.

Theorem batch_sums_zero : Statements.batch_sums_zero.
Proof. exact: AllOrNothing.batch_sums_zero. Qed.

Theorem exact_or_invisible : Statements.exact_or_invisible.
Proof. move=> R m n h kind a kink W i zero; exact: AllOrNothing.exact_or_invisible zero. Qed.

Theorem all_or_nothing : Statements.all_or_nothing.
Proof.
move=> R m n h b kind a kink W b0 bm zero; exact: AllOrNothing.all_or_nothing b0 bm zero.
Qed.

Theorem resting_point : Statements.resting_point.
Proof.
move=> R m n h b kind a kink eta W b0 bm eta0.
by apply: Corollaries.resting_separating => //; exact: Sure.batch_separating.
Qed.

Theorem resting_point_with_replacement : Statements.resting_point_with_replacement.
Proof.
move=> R m n h b kind a kink eta W b0 eta0; apply: Corollaries.resting_separating => //.
by apply: Sure.single_separating => i; exact: Sure.tuple_single.
Qed.

Theorem exact_invisible : Statements.exact_invisible.
Proof. move=> R m n h kind a W i j; exact: AllOrNothing.exact_invisible. Qed.

Theorem exact_points_le_rank : Statements.exact_points_le_rank.
Proof. move=> R m n h kind a W orth; exact: AllOrNothing.exact_points_le_rank. Qed.

Theorem exact_points_le_neurons : Statements.exact_points_le_neurons.
Proof. move=> R m n h kind a W orth; exact: AllOrNothing.exact_points_le_neurons. Qed.

Theorem all_or_nothing_loss : Statements.all_or_nothing_loss.
Proof.
move=> R m n h kind a W orth aon; case: (posnP m) => m0.
  by have -> : m%:R = 0 :> R by [rewrite m0]; rewrite mulr0 invr0 !mulr0.
exact: AllOrNothing.all_or_nothing_loss.
Qed.

Theorem linear_eigenvectors : Statements.linear_eigenvectors.
Proof. move=> R m n h a W; exact: Corollaries.eigenvectors. Qed.

Theorem one_relu_neuron : Statements.one_relu_neuron.
Proof. move=> R m n a W unit distinct; exact: Corollaries.one_relu. Qed.

Theorem convergent_run_all_or_nothing : Statements.convergent_run_all_or_nothing.
Proof.
move=> R m n h b kind a kink eta W0 W draws b0 bm eta0 fair_draws conv.
exact: (Resting.fair_run_rests eta0 conv (Sure.batch_separating b0 bm) fair_draws).
Qed.

Theorem convergent_linear_run : Statements.convergent_linear_run.
Proof.
move=> R m n h b a kink eta W0 W draws b0 bm eta0 rec conv.
exact: (Resting.recurrent_linear_rests eta0 conv erefl (Sure.batch_separating b0 bm) rec).
Qed.

Theorem convergent_one_neuron_run : Statements.convergent_one_neuron_run.
Proof.
move=> R m n b kind a kink eta W0 W draws b0 bm eta0 rec conv.
exact: (Corollaries.recurrent_one_neuron_rests eta0 conv (Sure.batch_separating b0 bm) rec).
Qed.

Theorem convergent_single_run : Statements.convergent_single_run.
Proof.
move=> R m n h kind a kink eta W0 W draws eta0 rec conv.
exact: (Resting.recurrent_single_rests eta0 conv (@Sure.batch_single m) rec).
Qed.

Theorem convergent_run_with_replacement : Statements.convergent_run_with_replacement.
Proof.
move=> R m n h b kind a kink eta W0 W draws b0 eta0 rec conv.
exact: (Resting.recurrent_single_rests eta0 conv (fun i => Sure.tuple_single i b0) rec).
Qed.

Theorem lost_bets : Statements.lost_bets.
Proof. move=> R Om T k bet Om0; exact: Bets.lost_bets. Qed.

Theorem almost_surely_null : Statements.almost_surely_null.
Proof. move=> Om P Om0; exact: Surely.almost_surely_null. Qed.

Theorem almost_surely_dense : Statements.almost_surely_dense.
Proof. move=> Om P word Om0; exact: Surely.almost_surely_dense. Qed.

Theorem recurrent_almost_surely : Statements.recurrent_almost_surely.
Proof. exact: Sure.recurrent_sure. Qed.

Theorem fair_almost_surely : Statements.fair_almost_surely.
Proof. move=> R m n h kind a kink eta Om points W0; exact: Sure.fair_sure. Qed.

Theorem sgd_all_or_nothing : Statements.sgd_all_or_nothing.
Proof.
move=> R m n h b kind a kink eta W0 b0 bm eta0.
case: bm => [bm|b1].
  exact: (Sure.every_limit_all_or_nothing _ _ _ _ eta0 (Sure.batch_separating b0 bm)).
rewrite b1; apply: Sure.every_limit_all_or_nothing => //.
by apply: Sure.single_separating => i; exact: Sure.batch_single.
Qed.

Theorem sgd_with_replacement_all_or_nothing : Statements.sgd_with_replacement_all_or_nothing.
Proof.
move=> R m n h b kind a kink eta W0 b0 eta0; apply: Sure.every_limit_all_or_nothing => //.
by apply: Sure.single_separating => i; exact: Sure.tuple_single.
Qed.

(** A property that all-or-nothing weights have holds for the limits of both ways to draw. *)
Lemma both_ways (R : realFieldType) (m n h b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (kink eta : R) (W0 : 'I_h -> 'rV[R]_n) (P : ('I_h -> 'rV[R]_n) -> Prop) :
  (forall W, all_or_nothing_point kind a W -> P W) -> (0 < b)%N -> eta != 0 ->
  ((b < m)%N -> every_limit kind a kink eta (@batch_points m b) W0 P) /\
  every_limit kind a kink eta (@tuple_points m b) W0 P.
Proof.
move=> aonP b0 eta0; split=> [bm|]; apply: (Sure.every_limit_imp aonP).
  by apply: sgd_all_or_nothing => //; left.
exact: sgd_with_replacement_all_or_nothing.
Qed.

Theorem sgd_orthonormal : Statements.sgd_orthonormal.
Proof.
move=> R m n h b kind a kink eta W0 orth b0 eta0.
apply: both_ways => // W aon; split; first 1 last.
- exact: exact_points_le_rank.
- exact: rank_leq_row.
- exact: all_or_nothing_loss.
by move=> i; rewrite inE => /eqP; case: (aon i).
Qed.

Theorem sgd_correlated : Statements.sgd_correlated.
Proof.
move=> R m n h b kind a kink eta W0 rk connected; apply: both_ways => W.
exact: Corollaries.correlated_invisible.
Qed.

Theorem sgd_one_relu_neuron : Statements.sgd_one_relu_neuron.
Proof.
move=> R m n b a kink eta W0 unit distinct b0 eta0 ends; apply: both_ways => // W.
by move/(Corollaries.one_relu unit distinct).
Qed.

Theorem last_gradient_correct : Statements.last_gradient_correct.
Proof. exact: LastLayer.last_gradient_correct. Qed.

Theorem last_layer_all_or_nothing : Statements.last_layer_all_or_nothing.
Proof.
move=> R m n h b y eta b0 eta0.
split=> [bm|]; apply: Surely.almost_surely_imp (Sure.recurrent_sure _);
  move=> draws rec z U zlim Ulim rule convz convU.
  exact: (LastLayer.last_layer_rests eta0 rule convU convz (Sure.batch_separating b0 bm) rec).
apply: (LastLayer.last_layer_rests eta0 rule convU convz _ rec).
by apply: Sure.single_separating => i; exact: Sure.tuple_single.
Qed.

Theorem last_layer_with_bias_interpolates : Statements.last_layer_with_bias_interpolates.
Proof.
move=> R m n h b y eta b0 eta0.
have [without replaced] := last_layer_all_or_nothing h y b0 eta0.
split=> [bm|]; [move: (without bm) | move: replaced]; apply: Surely.almost_surely_imp;
  move=> draws aon z U zlim Ulim k0 rule one convz convU i;
  case: (aon z U zlim Ulim rule convz convU i) => // /(_ k0) zero;
  have := LastLayer.bias_limit convz one i; rewrite zero => /eqP; by rewrite eq_sym oner_eq0.
Qed.

Theorem all_or_nothing_limits_exist : Statements.all_or_nothing_limits_exist.
Proof.
move=> R m n h kind a kink eta W points aon.
have same := Corollaries.all_or_nothing_run kink eta points aon.
by split; [exact: same | exact: Corollaries.constant_converges].
Qed.

(** For one neuron the run of the network is that of [sgd_step]. *)
Lemma one_neuron_run (R : realFieldType) m n b kind (a : 'I_m -> 'rV[R]_n) (kink eta : R)
    (draws : nat -> batch m b) (W0 : 'I_1 -> 'rV[R]_n) t k :
  tied_run kind a kink eta (fun t => batch_points (draws t)) W0 t k =
  iterates (@sgd_step R m n b kind a eta) (W0 ord0) draws t.
Proof.
elim: t k => [|t IH] k; rewrite (ord1 k) //= /tied_step /sgd_step IH /batch_points -cardE.
congr (_ - _ *: _); rewrite big_enum /=; apply: eq_bigr => i _.
by rewrite Corollaries.one_neuron_gradient IH.
Qed.

Theorem convergence_happens : Statements.convergence_happens.
Proof.
move=> R m n b kind a kink eta W0 arch orth b0 bm eta0 al1 start some.
apply: null_complement_imp (sgd_converges_almost_surely arch orth b0 bm eta0 al1 start some).
move=> draws [i [_ conv]]; exists (fun _ => signed_point a (W0 ord0) i) => e e0.
have [T h] := conv e e0; exists T => t tT k; rewrite one_neuron_run; exact: h.
Qed.

Theorem fair_draws_exist : Statements.fair_draws_exist.
Proof.
move=> R m n h b kind a kink eta W0 first bm.
by apply: Surely.almost_surely_dense; [rewrite batches bin_gt0 | exact: Sure.fair_sure].
Qed.

Theorem orthonormal_data_exist : Statements.orthonormal_data_exist.
Proof.
move=> R m; exists (fun i => delta_mx 0 i) => i j; rewrite /dot (bigD1 i) //= !mxE !eqxx mul1r.
by rewrite big1 ?addr0 // => k ki; rewrite !mxE (negbTE ki) andbF mul0r.
Qed.

Theorem correlated_data_exist : Statements.correlated_data_exist.
Proof.
move=> R kind; pose A : 'M[R]_2 := \matrix_(i, j) (if j <= i then 1 else 0)%N%:R.
pose B : 'M[R]_2 := \matrix_(i, j) ((i == j)%:R - (j < i)%N%:R).
have AB : A *m B = 1%:M.
  apply/matrixP => i j; rewrite !mxE 2!big_ord_recl big_ord0 !mxE.
  by case: i => [[|[|//]] ?]; case: j => [[|[|//]] ?];
    rewrite /= ?mul0r ?mul1r ?subr0 ?sub0r ?addr0 ?add0r ?subrr.
exists (fun i => row i A); split.
  have -> : \matrix_i row i A = A by apply/row_matrixP => i; rewrite rowK.
  by rewrite -[X in (X < _)%N]/(2.-1) -{1}(mxrank1 R 2) -AB; exact: mxrankM_maxl.
have dot1 i j : i != j -> dot (row i A) (row j A) = 1.
  rewrite /dot 2!big_ord_recl big_ord0 !mxE.
  by case: i => [[|[|//]] ?]; case: j => [[|[|//]] ?] //= _; rewrite ?mul0r ?mulr0 mulr1 !addr0.
move=> S /set0Pn[i iS] ST; have [j jS] : exists j, j \notin S.
  apply/existsP; rewrite -negb_forall; apply: contra ST => /forallP all_in.
  by apply/eqP/setP => j; rewrite inE all_in.
have ij : i != j by apply: contraNneq jS => <-.
by exists i, j; rewrite dot1 //; split=> //; case: kind; rewrite ?oner_eq0 ?ltr01.
Qed.

Theorem full_batch_not_all_or_nothing : Statements.full_batch_not_all_or_nothing.
Proof.
move=> R m n kind a orth m1; have m0 := ltnW m1.
have ij : Ordinal m0 != Ordinal m1 by [].
have full B (i : 'I_m) : i \in val (B : batch m m).
  have : val B == [set: 'I_m].
    by rewrite eqEcard subsetT cardsT card_ord (eqP (valP B)) leqnn.
  by move/eqP ->; rewrite inE.
have not_aon := @Together.mixture_not_all_or_nothing R m n kind a orth _ _ ij.
exists (Together.mixture a (Ordinal m0) (Ordinal m1)); split=> [|kink eta]; first exact: not_aon.
have same (draws : nat -> batch m m) := Together.together_run kind kink eta orth ij
  (draws := fun t => val (draws t)) (fun t => etrans (full _ _) (esym (full _ _))).
have conv draws := Corollaries.constant_converges (same draws).
split; [exact: same | exact: conv |] => sure.
have some : (0 < #|{: batch m m}|)%N by rewrite batches bin_gt0.
have [draws [_ all_aon]] := Surely.almost_surely_dense some [::] sure.
exact: not_aon (all_aon _ (conv draws)).
Qed.

Theorem fixed_partition_fails : Statements.fixed_partition_fails.
Proof.
pose half t : {set 'I_4} := [set i : 'I_4 | if odd t then (2 <= i)%N else (i < 2)%N].
have half2 t : #|half t| == 2%N.
  rewrite /half -sum1_card big_mkcond 4!big_ord_recl big_ord0 !inE.
  by case: (odd t).
pose draws t : batch 4 2 := exist _ (half t) (half2 t).
have ij : Ordinal (isT : (0 < 4)%N) != Ordinal (isT : (1 < 4)%N) by [].
have both t : (Ordinal (isT : (0 < 4)%N) \in half t) = (Ordinal (isT : (1 < 4)%N) \in half t).
  by rewrite !inE /=; case: (odd t).
exists draws; split=> [t i|R n kind a orth]; first by rewrite inE.
exists (Together.mixture a (Ordinal (isT : (0 < 4)%N)) (Ordinal (isT : (1 < 4)%N))).
split=> [|kink eta]; first exact: Together.mixture_not_all_or_nothing.
have same := Together.together_run kind kink eta orth ij both.
by split; [exact: same | exact: Corollaries.constant_converges].
Qed.
