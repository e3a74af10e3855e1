(** Null sets of sequences of draws, by counting words: what follows from the definition alone. An
    alarm that once raised stays on need not be looked for in the prefixes of a word: the share of
    the words that have raised it is the share of those at which it is on. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Whichmin Require Import Vectors Prob Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The share of the words with a property is a rational number, the same in every field. *)
Lemma chance_ratr (R : realFieldType) (Om : finType) T (P : pred (seq Om)) :
  chance R T P = ratr (chance _ T P : rat).
Proof. by rewrite /chance fmorph_div !rmorph_nat. Qed.

Section NullSets.
Variable Om : finType.
Implicit Types (P Q : (nat -> Om) -> Prop) (s : seq Om).

Lemma null_complement_imp P Q : (forall d, P d -> Q d) -> almost_surely P -> almost_surely Q.
Proof.
move=> PQ sure p p0; have [alarm [all_P le_p]] := sure p p0; exists alarm; split=> // d silent.
exact: PQ (all_P d silent).
Qed.

(** An alarm that stays on. *)
Lemma lasting_alarm P :
  (forall p : rat, 0 < p -> exists alarm : pred (seq Om), [/\
     forall s t, alarm (take t s) -> alarm s,
     forall draws, (forall t, ~~ alarm (mkseq draws t)) -> P draws &
     forall T, (chance _ T alarm : rat) <= p]) -> almost_surely P.
Proof.
move=> alarms p p0; have [alarm [lasts silent le_p]] := alarms p p0.
exists alarm; split=> // T; apply: le_trans (le_p T); apply: ler_chance => s.
by case/hasP => t _; exact: lasts.
Qed.

(** What holds along every sequence needs no alarm. *)
Lemma null_complement_all P : (forall d, P d) -> almost_surely P.
Proof.
move=> all_P; apply: lasting_alarm => p p0; exists pred0; split=> // T.
have -> : chance _ T (pred0 : pred (seq Om)) = 0 :> rat; last exact: ltW.
by rewrite /chance eq_card0 ?mul0r // => s; rewrite inE.
Qed.
End NullSets.
