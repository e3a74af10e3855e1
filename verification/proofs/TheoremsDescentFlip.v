(** A ReLU neuron whose negative correlation turns positive in one long step. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit TheoremsDescentExact Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem relu_may_flip : Statements.relu_may_flip.
Proof.
move=> R a w0.
have dotd (i j : 'I_2) : dot (a i) (a j) = (i == j)%:R.
  rewrite /dot (bigD1 i) //= !mxE !eqxx mul1r big1 ?addr0 => [|k ki]; first by [].
  by rewrite !mxE (negbTE ki) andbF mul0r.
have c0 : corr a w0 ord0 = 2%:R by rewrite /corr dotBl dotZl !dotd /= mulr1 subr0.
have c1 : corr a w0 ord_max = -1 by rewrite /corr dotBl dotZl !dotd /= mulr0 sub0r.
have neg : (0 <= -1 :> R) = false by rewrite oppr_ge0 leNgt ltr01.
have CE : energy Relu a w0 = 4%:R.
  rewrite /energy 2!big_ord_recl big_ord0 c0.
  have -> : lift ord0 ord0 = ord_max :> 'I_2 by apply: val_inj.
  by rewrite c1 /phi neg ler0n /=; ring.
have NE : sqnorm w0 = 5%:R.
  by rewrite /w0 sqnormB sqnormZ dotZl /sqnorm !dotd /=; ring.
split; [exact: dotd | |].
  by rewrite NE CE divff ?pnatr_eq0 //; cert (6%:R : R).
rewrite /eligible gd_ratios // /eligible c1 CE divff ?pnatr_eq0 //.
have -> : (0 < -1 :> R) = false by rewrite oppr_gt0 ltNge ler01.
have -> : (1 - 1 * 4%:R) * -1 = 3%:R :> R by ring.
by rewrite ltr0n.
Qed.
