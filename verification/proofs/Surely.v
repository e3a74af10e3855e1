(** What almost surely means here: such a property fails on a null set, in the usual sense, and it
    is not empty: every word of draws can be continued to a sequence that has the property. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Bets Prefix Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Surely.
Variable Om : finType.
Implicit Types (event : pred (seq Om)) (P Q : (nat -> Om) -> Prop) (s w : seq Om).

Lemma almost_surely_imp P Q : (forall d, P d -> Q d) -> almost_surely_strong P -> almost_surely_strong Q.
Proof. by move=> PQ [event [sure all_P]]; exists event; split=> // d /all_P; exact: PQ. Qed.

(** Nothing is to be shown if nothing can be drawn. *)
Lemma almost_surely_some P : (Om -> almost_surely_strong P) -> almost_surely_strong P.
Proof.
move=> sure; case: (pickP (xpredT : pred Om)) => [o _|none]; first exact: sure.
exists (fun _ => xpredT); split=> [j p p0|d]; last by have := none (d 0%N).
exists 0%N; rewrite (@eq_chance _ _ _ _ (fun _ => false)) => [|s].
  by rewrite chance_false ltW.
by apply/negbTE; rewrite negbK; apply/hasP; exists 0%N; rewrite ?mem_iota.
Qed.

(** What has happened has happened. *)
Lemma happened_cat event s w : happened event s -> happened event (s ++ w).
Proof.
case/hasP => t; rewrite mem_iota /= add0n ltnS => ts et; apply/hasP; exists t.
  by rewrite mem_iota /= add0n ltnS size_cat (leq_trans ts) // leq_addr.
by rewrite takel_cat.
Qed.

Hypothesis Om0 : (0 < #|Om|)%N.

Lemma chance_take (R : realFieldType) T L (P : pred (seq Om)) :
  chance R (T + L) (fun s => P (take T s)) = chance R T P.
Proof.
elim: T P => [|T IH] P; last first.
  by rewrite addSn !chanceS /mean; congr (_ / _); apply: eq_bigr => o _; rewrite -[RHS]IH.
rewrite add0n chance0 (@eq_chance _ _ _ _ (fun _ => P [::])) => [|s]; last by rewrite take0.
elim: L => [|L IH]; first by rewrite chance0.
rewrite chanceS -[RHS](mean_const (R := R) Om0); rewrite /mean; congr (_ / _).
by apply: eq_bigr => o _; exact: IH.
Qed.

Lemma halves (p : rat) N : \sum_(t < N) p / 2%:R * 2%:R^-1 ^+ t = p * (1 - 2%:R^-1 ^+ N).
Proof.
elim: N => [|N IH]; first by rewrite big_ord0 expr0 subrr mulr0.
by rewrite big_ord_recr /= IH exprSr; field.
Qed.

(** The usual notion. For each event j choose the time T_j at which it has not happened with
    chance at most p/2^(j+1), and raise the alarm then if it has not. *)
Theorem almost_surely_null P : almost_surely_strong P -> almost_surely P.
Proof.
case=> event [sure all_P] p p0.
pose e j : rat := p / 2%:R * 2%:R^-1 ^+ j.
have e0 j : 0 < e j by rewrite /e mulr_gt0 ?divr_gt0 ?exprn_gt0 ?invr_gt0 ?ltr0n.
pose T j := ex_minn (sure j _ (e0 j)).
have Te j : chance _ (T j) (fun s => ~~ happened (event j) s) <= e j by rewrite /T; case: ex_minnP.
pose late j s := ~~ happened (event j) (take (T j) s).
have late_le j N : (T j <= N)%N -> chance _ N (late j) <= e j.
  by move=> TN; rewrite -(subnKC TN) /late (chance_take _ _ _ (fun s => ~~ happened (event j) s)).
exists (fun s => [exists j : 'I_(size s).+1, (size s == maxn j (T j)) && late j s]).
split=> [draws silent|N].
  apply: all_P => j; have := silent (maxn j (T j)); rewrite negb_exists => /forallP.
  have js : (j < (size (mkseq draws (maxn j (T j)))).+1)%N by rewrite size_mkseq ltnS leq_maxl.
  move/(_ (Ordinal js)); rewrite /= size_mkseq eqxx /= negbK /mkseq -map_take take_iota.
  rewrite (minn_idPl (leq_maxr _ _)) => /hasP[t]; rewrite size_map size_iota mem_iota /= add0n ltnS.
  by move=> tT et; exists t; move: et; rewrite -map_take take_iota (minn_idPl tT).
pose Q (j : 'I_N.+1) s := (maxn j (T j) <= N)%N && late j s.
apply: (@le_trans _ _ (chance _ N (fun s => [exists j, Q j s]))).
  apply: ler_chance_size => s sN /hasP[t]; rewrite mem_iota /= add0n ltnS => ts.
  case/existsP => j /andP[/eqP tE lt].
  have tE' : t = maxn j (T j) := etrans (esym (size_takel ts)) tE.
  have tN : (t <= N)%N by rewrite -sN.
  have jN : (j < N.+1)%N by apply: leq_ltn_trans (leq_maxl j (T j)) _; rewrite -tE'.
  have Tt : (T j <= t)%N by apply: leq_trans (leq_maxr j (T j)) _; rewrite -tE'.
  apply/existsP; exists (Ordinal jN); rewrite /Q /= -tE' tN /=.
  by move: lt; rewrite /late take_prefix.
apply: le_trans (chance_union _ _ _) _; apply: (@le_trans _ _ (\sum_(j < N.+1) e j)).
  apply: ler_sum => j _; rewrite /Q; have [jN|_] := leqP (maxn j (T j)) N; last first.
    by rewrite chance_false ltW.
  exact: late_le (leq_trans (leq_maxr _ _) jN).
rewrite halves -subr_ge0 mulrBr mulr1 opprB addrC subrK mulr_ge0 ?exprn_ge0 //; exact: ltW.
Qed.

(** ** Not empty *)

(** A word w can be continued so that an event happens that happens surely: else it would not happen
    with chance N^-|w| at least. *)
Lemma can_happen event w : happens_surely event -> exists v, happened event (w ++ v).
Proof.
move=> sure; pose x : rat := ((#|Om| ^ size w)%:R)^-1.
have x0 : 0 < x by rewrite invr_gt0 ltr0n expn_gt0 Om0.
have [T Tx] := sure _ (divr_gt0 x0 (ltr0n _ 2)).
case: (boolP [exists v : T.-tuple Om, happened event (w ++ v)]) => [/existsP[v vE]|none].
  by exists v.
exfalso; have : x <= x / 2%:R.
  apply: le_trans Tx; rewrite -(chance_take _ _ (size w)) addnC.
  have <- : chance _ (size w + T) (fun s => take (size w) s == w) = x.
    rewrite (chance_take _ _ _ (fun s => s == w)) /chance /x.
    have -> : [set s : (size w).-tuple Om | tval s == w] = [set in_tuple w].
      by apply/setP => s; rewrite !inE.
    by rewrite cards1 mul1r.
  apply: ler_chance_size => s sT /eqP wE; rewrite -(cat_take_drop (size w) s) wE.
  apply: contra none => hap; apply/existsP.
  have sz : size (drop (size w) s) == T by rewrite size_drop sT addKn.
  exists (Tuple sz); rewrite /=.
  have := happened_cat (drop T (w ++ drop (size w) s)) hap.
  by rewrite cat_take_drop.
rewrite leNgt => /negP; apply; rewrite -subr_gt0.
have -> : x - x / 2%:R = x / 2%:R by field.
by rewrite divr_gt0 ?ltr0n.
Qed.

(** Continue w so that one event after the other happens. *)
Theorem almost_surely_dense P w : almost_surely_strong P ->
  exists draws, mkseq draws (size w) = w /\ P draws.
Proof.
case=> event [sure all_P]; have [o0 _] : {o : Om | true}.
  case: (pickP (xpredT : pred Om)) => [o _|none]; first by exists o.
  by move: Om0; rewrite (eq_card0 none).
pose more j u := xchoose (can_happen u (sure j)).
have moreP j u : happened (event j) (u ++ more j u) := xchooseP (can_happen u (sure j)).
pose words := fix words t := if t is t'.+1 then rcons (words t' ++ more t' (words t')) o0 else w.
have step t : exists v, words t.+1 = words t ++ v.
  by exists (rcons (more t (words t)) o0); rewrite /= -rcons_cat.
have grow t k : exists v, words (t + k)%N = words t ++ v.
  elim: k => [|k [v vE]]; first by exists [::]; rewrite addn0 cats0.
  by have [u uE] := step (t + k)%N; exists (v ++ u); rewrite addnS uE vE catA.
have long t : (t <= size (words t))%N.
  elim: t => // t IH; rewrite /= size_rcons ltnS size_cat; exact: leq_trans IH (leq_addr _ _).
pose draws t := nth o0 (words t.+1) t.
have drawsE t : mkseq draws (size (words t)) = words t.
  apply: (@eq_from_nth _ o0) => [|u]; rewrite size_mkseq // => ut; rewrite nth_mkseq // /draws.
  have [le|/ltnW le] := leqP u.+1 t.
    by have [v] := grow u.+1 (t - u.+1)%N; rewrite subnKC // => ->; rewrite nth_cat long.
  by have [v] := grow t (u.+1 - t)%N; rewrite subnKC // => ->; rewrite nth_cat ut.
exists draws; split; first exact: (drawsE 0%N).
apply: all_P => j; have /hasP[t] : happened (event j) (words j.+1).
  by rewrite /= -cats1; apply: happened_cat; exact: moreP.
rewrite mem_iota add0n ltnS => /andP[_ tj] et; exists t; move: et.
by rewrite -(drawsE j.+1) /mkseq -map_take take_iota (minn_idPl tj).
Qed.
End Surely.
