(** Points that do not move. A step moves w by a combination of w and of the batch's points, so a
    fixed point lies in the span of the batch's active points or has none; comparing lengths gives
    |w| = 1. If no batch of b < m points moves w, no sample does ([batch_sums_zero]), and two active
    points would each have to be all of w. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD SGD AllOrNothing Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Fixed.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation N := (@sqnorm R n).
Implicit Types (B : {set 'I_m}) (w : 'rV[R]_n).
Local Notation S B w := (batch_energy kind a B w).
Local Notation part B w := (\sum_(i in B) phi (c w i) *: a i).

Lemma batch_partE B w : part B w = \sum_i (if i \in B then phi (c w i) else 0) *: a i.
Proof. by rewrite big_mkcond; apply: eq_bigr => i _; case: ifP => //; rewrite scale0r. Qed.

Lemma sqnorm_part B w : N (part B w) = S B w.
Proof.
rewrite batch_partE (sqnorm_comb a_orth) /batch_energy [RHS]big_mkcond /=.
by apply: eq_bigr => i _; case: ifP => // _; rewrite expr0n.
Qed.

Lemma dot_part B w : dot w (part B w) = S B w.
Proof. by rewrite dot_sumr; apply: eq_bigr => i _; rewrite dotZr mulrC -/(corr a w i) phi_self. Qed.

Lemma gradient_sumE B w :
  \sum_(i in B) sample_gradient kind a i w = (N w - 2%:R) *: part B w + S B w *: w.
Proof.
rewrite /sample_gradient big_split /= -scaler_suml -/(batch_energy kind a B w); congr (_ + _).
by rewrite scaler_sumr; apply: eq_bigr => i _; rewrite scalerA.
Qed.

Lemma gradient_sum_zero B w : \sum_(i in B) sample_gradient kind a i w = 0 <->
  (forall i, i \in B -> phi (c w i) = 0) \/ N w = 1 /\ w = part B w.
Proof.
rewrite gradient_sumE; split=> [z|[none|[N1 wE]]]; last 2 first.
- have -> : part B w = 0 by rewrite big1 // => i /none ->; rewrite scale0r.
  have -> : S B w = 0 by rewrite /batch_energy big1 // => i /none ->; rewrite expr0n.
  by rewrite scaler0 scale0r addr0.
- have S1 : S B w = 1 by rewrite -sqnorm_part -wE.
  rewrite N1 S1 -wE -scalerDl.
  by have -> : 1 - 2%:R + 1 = 0 :> R by [ring]; rewrite scale0r.
case: (eqVneq (S B w) 0) => [S0|S0].
  left=> i iB; move: S0; rewrite /batch_energy => /eqP.
  rewrite psumr_eq0 => [/allP all0|j _]; last exact: sqr_ge0.
  by have := all0 i (mem_index_enum _); rewrite iB /= sqrf_eq0 => /eqP.
right.
have := congr1 (dot w) z; rewrite dotDr !dotZr dot_part dot0r -/(sqnorm w) => e1.
have N1 : N w = 1.
  apply/eqP; rewrite -subr_eq0; have : (N w - 1) * (2%:R * S B w) == 0.
    by rewrite -e1; apply/eqP; ring.
  by rewrite !mulf_eq0 (negbTE S0) pnatr_eq0 !orbF.
split=> //; move: z; rewrite N1 => z.
have zE : S B w *: w = part B w.
  move: z; have -> : 1 - 2%:R = -1 :> R by ring.
  by rewrite scaleN1r addrC => /eqP; rewrite subr_eq0 => /eqP.
have := congr1 (@sqnorm R n) zE; rewrite sqnormZ N1 mulr1 sqnorm_part expr2 => e2.
have S1 : S B w = 1 by apply: (mulfI S0); rewrite e2 mulr1.
by rewrite -zE S1 scale1r.
Qed.

Lemma step_fixed eta B w : eta != 0 -> B != set0 ->
  (step kind a eta B w = w <-> \sum_(i in B) sample_gradient kind a i w = 0).
Proof.
move=> e0 B0; have b0 : #|B|%:R != 0 :> R by rewrite pnatr_eq0 cards_eq0.
rewrite /step; split=> [/eqP|->]; last by rewrite scaler0 subr0.
rewrite subr_eq -[X in X == _]addr0 (inj_eq (addrI w)) eq_sym scaler_eq0.
by rewrite mulf_eq0 invr_eq0 (negbTE e0) (negbTE b0) => /eqP.
Qed.

Lemma at_point i j : sample_gradient kind a j (a i) = 0 /\ sample_gradient kind a j (- a i) = 0.
Proof.
have N1 : N (a i) = 1 by rewrite /sqnorm a_orth eqxx.
have N2 : N (- a i) = 1 by rewrite -scaleN1r sqnormZ N1 sqrrN expr1n mulr1.
have cE : corr a (a i) j = (i == j)%:R by rewrite /corr a_orth.
have cN : corr a (- a i) j = - (i == j)%:R by rewrite /corr dotNl a_orth.
rewrite /sample_gradient N1 N2 cE cN; case: eqP => [->|_]; last first.
  by rewrite oppr0 /Definitions.phi; case: kind; rewrite ?lexx !mulr0 expr0n !scale0r addr0.
split.
  rewrite /Definitions.phi; case: kind; rewrite ?ler01 expr1n mulr1 -scalerDl;
  by have -> : 1 - 2%:R + 1 = 0 :> R by [ring]; rewrite scale0r.
rewrite /Definitions.phi; case: kind.
  by rewrite sqrrN expr1n scale1r mulrN1 -[X in _ + X]scaleN1r -scalerDl;
     have -> : - (1 - 2%:R) + -1 = 0 :> R by [ring]; rewrite scale0r.
rewrite leNgt oppr_lt0 ltr01 /= mulr0 expr0n !scale0r addr0.
by [].
Qed.

Lemma common b eta w : eta != 0 -> (0 < b)%N -> (b < m)%N -> (exists i, phi (c w i) != 0) ->
  ((forall B : {set 'I_m}, #|B| = b -> step kind a eta B w = w) <->
   exists i, w = a i \/ (kind = Linear /\ w = - a i)).
Proof.
move=> e0 b0 bm [i ai]; split=> [fixed|[j wj] B _]; last first.
  rewrite /step big1 ?scaler0 ?subr0 // => k _.
  by case: wj => [->|[_ ->]]; [exact: (at_point j k).1 | exact: (at_point j k).2].
have zero : sample_gradient kind a i w = 0.
  apply: (batch_sums_zero b0 bm (g := fun i => sample_gradient kind a i w)) => B cB.
  by apply/(step_fixed w e0); [rewrite -cards_eq0 cB -lt0n | exact: fixed].
have : \sum_(j in [set i]) sample_gradient kind a j w = 0 by rewrite big_set1.
move=> /gradient_sum_zero[/(_ i (set11 i)) z|[N1]].
  by rewrite z eqxx in ai.
rewrite big_set1 => wE; exists i; move: N1; rewrite {1}wE sqnormZ /sqnorm a_orth eqxx mulr1.
move/eqP; rewrite -subr_eq0 subr_sqr_1 mulf_eq0 subr_eq0 addr_eq0 => /orP[|] /eqP p1.
  by left; rewrite wE p1 scale1r.
right; split; last by rewrite wE p1 scaleN1r.
move: p1; rewrite /Definitions.phi; case: kind => //; case: ifP => c0 p1 //.
  by move: c0; rewrite p1 leNgt oppr_lt0 ltr01.
by move/eqP: p1; rewrite eq_sym oppr_eq0 oner_eq0.
Qed.
End Fixed.
