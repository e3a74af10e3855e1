(** What the notions exclude. (1) With b = m and two eligible points, gradient descent does not
    converge to a data point: it multiplies all active correlations by the same factor >= 1, so
    both stay away from 0; and there is only one sequence of batches, so that it is not in any
    null set. (2) Null sets have no interior: let the word u be harmless if, however long one goes
    on, at most half of its continuations raise the alarm. A harmless word has a harmless
    continuation by one draw, else there would be one length at which more than half of the
    continuations do so; never raising the alarm, these words make the sequence. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Capture Exchange FarOut Converge.
From Whichmin Require Import Minimal Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** One draw only *)
Lemma one_sequence (Om : finType) (P : (nat -> Om) -> Prop) (o : Om) : #|Om| = 1%N ->
  almost_surely P -> P (fun _ => o).
Proof.
move=> Om1 sure; have half : 0 < 2%:R^-1 :> rat by rewrite invr_gt0 ltr0n.
have [alarm [silent le_half]] := sure _ half; apply: silent => t; apply/negP => on.
have := le_half t; apply/negP; rewrite -ltNge; apply: (@lt_le_trans _ _ 1).
  by rewrite invf_lt1 ?ltr0n // ltr1n.
rewrite /chance Om1 exp1n divr1 ler1n card_gt0; apply/set0Pn.
have sz : size (mkseq (fun _ : nat => o) t) == t by rewrite size_mkseq.
exists (Tuple sz); rewrite inE /=; apply/hasP; exists t; first by rewrite mem_iota size_mkseq /=.
by rewrite take_oversize // size_mkseq.
Qed.

Section FullBatch.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variables (eta : R) (w0 : 'rV[R]_n).
Hypotheses (orth : forall i j, dot (a i) (a j) = (i == j)%:R) (eta0 : 0 < eta).
Hypotheses (al1 : eta / m%:R <= 5%:R^-1) (start : sqnorm w0 <= 1).

Lemma small_step (k : 'I_m) : eta <= m%:R / 4%:R.
Proof.
have mp : 0 < m%:R :> R by rewrite ltr0n (leq_ltn_trans _ (ltn_ord k)).
have -> : eta = eta / m%:R * m%:R by rewrite divfK // gt_eqF.
move: (eta / m%:R) al1 mp => A A1 /ltW mp; have A1' : 0 <= 5%:R^-1 - A by rewrite subr_ge0.
by cert ((5%:R^-1 - A) * m%:R + m%:R / 20%:R).
Qed.

Lemma start_region : region kind a w0.
Proof.
have CN := energy_le kind orth w0; rewrite /region.
move: (energy _ _ _) (sqnorm _) CN start => x y xy y1.
by cert ((y - x) + 2%:R * (1 - y)).
Qed.

(** A point other than the limit keeps its correlation. *)
Lemma kept_away (i j : 'I_m) t : i != j ->
  phi kind (corr a w0 j) ^+ 2 <= sqnorm (gd kind a eta t w0 - signed_point a w0 i).
Proof.
move=> ij; have m0 : (0 < m)%N := leq_ltn_trans (leq0n _) (ltn_ord i).
have [k k1 kE] := gd_ratios orth m0 eta0 (small_step i) start_region t.
have cE : corr a (gd kind a eta t w0 - signed_point a w0 i) j = corr a (gd kind a eta t w0) j.
  by rewrite /corr dotBl dotZl orth (negbTE ij) mulr0 subr0.
apply: (@le_trans _ _ (corr a (gd kind a eta t w0) j ^+ 2)); last first.
  rewrite -cE; apply: le_trans (bessel orth _); rewrite (bigD1 j) //= -subr_ge0 addrC addKr.
  by apply: sumr_ge0 => l _; exact: sqr_ge0.
apply: le_trans (phi_sqr_le kind _); rewrite kE exprMn.
have := sqr_ge0 (phi kind (corr a w0 j)); move: (_ ^+ 2) => x x0.
by cert ((k - 1) * (k - 1) * x + 2%:R * (k - 1) * x); rewrite subr_ge0.
Qed.

Lemma full_batch_no_limit (i j : 'I_m) : i != j -> eligible kind a w0 i -> eligible kind a w0 j ->
  ~ converges_to_one_point kind a (@sgd_step R m n m kind a eta) w0.
Proof.
move=> ij ei ej conv.
have full : #|[set: 'I_m]| == m by rewrite cardsT card_ord.
have one : #|{: batch m m}| = 1%N by rewrite batches binn.
have [l [_ tends]] := one_sequence (@exist _ (fun B : {set 'I_m} => #|B| == m) _ full) one conv.
have [k [lk ek]] : exists k, l != k /\ eligible kind a w0 k.
  by case: (eqVneq l i) => [->|li]; [exists j | exists i].
have pk : phi kind (corr a w0 k) != 0 by rewrite -eligibleE.
have x0 : 0 < `|phi kind (corr a w0 k)| / 2%:R by rewrite divr_gt0 ?normr_gt0 ?ltr0n.
have [T near] := tends _ x0; have := near T (leqnn T); rewrite full_weights => le1.
have := le_trans (kept_away T lk) le1; rewrite expr_div_n real_normK ?num_real // leNgt => /negP.
apply.
have y0 : 0 < phi kind (corr a w0 k) ^+ 2 by rewrite lt_def sqr_ge0 expf_eq0 /= pk.
move: (_ ^+ 2) y0 => y y0; rewrite -subr_gt0.
have -> : y - y / 2%:R ^+ 2 = y * (3%:R / 4%:R) by field.
by rewrite mulr_gt0 // divr_gt0 ?ltr0n.
Qed.
End FullBatch.

(** ** Null sets have no interior *)
Section Dense.
Variables (Om : finType) (alarm : pred (seq Om)).
Hypothesis Om0 : (0 < #|Om|)%N.
Implicit Types (u s : seq Om).

(** The chance that the alarm has been raised T draws after the word u. *)
Definition raised u T : rat := chance _ T (fun s => happened alarm (u ++ s)).
Definition harmless u := forall T, raised u T <= 2%:R^-1.

Lemma happened_more u s : happened alarm u -> happened alarm (u ++ s).
Proof.
case/hasP => t; rewrite mem_iota /= add0n ltnS => ts et; apply/hasP; exists t.
  by rewrite mem_iota /= add0n ltnS size_cat (leq_trans ts) // leq_addr.
by rewrite takel_cat.
Qed.

Lemma raisedS u T : raised u T.+1 = mean (fun o => raised (rcons u o) T).
Proof.
rewrite /raised chanceS; congr (_ / _); apply: eq_bigr => o _; apply: eq_chance => s.
by rewrite cat_rcons.
Qed.

Lemma raised_mono u T L : raised u T <= raised u (T + L).
Proof.
elim: T u => [|T IH] u; last by rewrite addSn !raisedS; apply: ler_mean => // o; exact: IH.
elim: L u => [|L IH] u; first exact: lexx.
rewrite addnS raisedS -[X in X <= _](mean_const Om0).
apply: ler_mean => // o; apply: le_trans (IH (rcons u o)); rewrite /raised !chance0 !cats0 ler_nat.
by case: (boolP (happened alarm u)) => // h; rewrite -cats1 happened_more.
Qed.

(** Words of a given length and the words that start with one of them. *)
Lemma raised_word u T : raised u T <= (#|Om| ^ size u)%:R * raised [::] (size u + T).
Proof.
elim/last_ind: u T => [|u o IH] T; first by rewrite expn0 mul1r lexx.
have k0 : 0 < #|Om|%:R :> rat := Om_gt0 _ Om0.
apply: (@le_trans _ _ (#|Om|%:R * raised u T.+1)).
  rewrite raisedS /mean mulrC divfK ?gt_eqF // (bigD1 o) //= -subr_ge0 addrC addKr.
  by apply: sumr_ge0 => x _; rewrite /raised /chance mulr_ge0 ?invr_ge0 ?ler0n.
rewrite size_rcons expnS natrM -mulrA addSnnS.
apply: mul_le; [exact: ltW | | exact: lexx | exact: IH].
by rewrite /raised /chance mulr_ge0 ?invr_ge0 ?ler0n.
Qed.

Hypothesis classical : forall Q : nat -> Prop, exists f : nat -> bool, forall k, f k <-> Q k.

Lemma harmless_next u : harmless u -> exists o, harmless (rcons u o).
Proof.
move=> hu; have decide (Q : Prop) : Q \/ ~ Q.
  by have [f fE] := classical (fun _ => Q); case E: (f 0%N); [left | right] => [|q];
    [apply/(fE 0%N) | have := (fE 0%N).2 q; rewrite E].
case: (decide (exists o, harmless (rcons u o))) => // none; exfalso.
have /fin_all_exists[T big] : forall o, exists T, 2%:R^-1 < raised (rcons u o) T.
  move=> o; case: (decide (exists T, 2%:R^-1 < raised (rcons u o) T)) => // few; exfalso.
  by apply: none; exists o => T; rewrite leNgt; apply/negP => h; apply: few; exists T.
pose L := (\max_o T o)%N; have := hu L.+1; rewrite raisedS leNgt => /negP; apply.
have k0 : 0 < #|Om|%:R :> rat := Om_gt0 _ Om0.
have [o0 _] : exists o : Om, true by case/card_gt0P: Om0 => o _; exists o.
rewrite -[X in X < _](mean_const Om0) /mean.
rewrite -subr_gt0 -mulrBl mulr_gt0 ?invr_gt0 // subr_gt0.
have pos o : 0 < raised (rcons u o) L - 2%:R^-1.
  rewrite subr_gt0; apply: lt_le_trans (big o) _.
  by rewrite -(subnKC (leq_bigmax o : (T o <= L)%N)); exact: raised_mono.
rewrite -subr_gt0 -sumrB (bigD1 o0) //=; apply: (lt_le_trans (pos o0)).
by rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => o _; exact: ltW.
Qed.

(** A harmless word can be continued for ever without the alarm. *)
Lemma harmless_for_ever w : harmless w ->
  exists draws, mkseq draws (size w) = w /\ forall t, ~~ alarm (mkseq draws t).
Proof.
move=> hw; have [f fE] := classical (fun k => if unpickle k is Some u then harmless u else False).
have fP u : f (pickle u) <-> harmless u by rewrite fE pickleK.
have [o0 _] : exists o : Om, true by case/card_gt0P: Om0 => o _; exists o.
pose next u := rcons u (odflt o0 [pick o | f (pickle (rcons u o))]).
have nextP u : harmless u -> harmless (next u).
  move=> hu; rewrite /next; case: pickP => [o /fP //|no]; exfalso.
  by have [o /fP ho] := harmless_next hu; have := no o; rewrite ho.
pose words t := iter t next w; have hwords t : harmless (words t).
  by elim: t => //= t IH; exact: nextP.
have size_words t : size (words t) = (size w + t)%N.
  by elim: t => [|t IH]; rewrite ?addn0 //= size_rcons IH addnS.
have grow t j : (j < size w + t)%N -> nth o0 (words t.+1) j = nth o0 (words t) j.
  by move=> jt; rewrite /= /next nth_rcons size_words jt.
have grows t k j : (j < size w + t)%N -> nth o0 (words (t + k)%N) j = nth o0 (words t) j.
  move=> jt; elim: k => [|k IH]; first by rewrite addn0.
  by rewrite addnS grow // (leq_trans jt) // leq_add2l leq_addr.
pose draws j := nth o0 (words j.+1) j.
have drawsE t : mkseq draws (size w + t) = words t.
  apply: (@eq_from_nth _ o0) => [|j]; rewrite size_mkseq ?size_words // => jt.
  rewrite nth_mkseq // /draws; have [le|/ltnW le] := leqP j.+1 t.
    by rewrite -(subnKC le) grows // addnS ltnS leq_addl.
  by rewrite -{1}(subnKC le) grows.
exists draws; split=> [|t]; first by have := drawsE 0%N; rewrite addn0.
have := hwords t 0%N; rewrite /raised chance0 cats0 -drawsE.
case: (boolP (happened _ _)) => [_|no _]; first by rewrite leNgt invf_lt1 ?ltr0n // ltr1n.
have := hasPn no t; rewrite mem_iota size_mkseq /= add0n ltnS leq_addl => /(_ isT).
by rewrite /mkseq -map_take take_iota (minn_idPl (leq_addl _ _)).
Qed.
End Dense.

Lemma null_set_dense (Om : finType) (property : (nat -> Om) -> Prop) (word : seq Om) :
  (0 < #|Om|)%N -> (forall Q : nat -> Prop, exists f : nat -> bool, forall k, f k <-> Q k) ->
  almost_surely property -> exists draws, mkseq draws (size word) = word /\ property draws.
Proof.
move=> Om0 classical sure; pose k : rat := (#|Om| ^ size word)%:R.
have k0 : 0 < k by rewrite ltr0n expn_gt0 Om0.
have p0 : 0 < (2%:R * k)^-1 by rewrite invr_gt0 mulr_gt0 // ltr0n.
have [alarm [silent le_p]] := sure _ p0.
have hw : harmless alarm word.
  move=> T; apply: le_trans (raised_word _ Om0 _ _) _; have := le_p (size word + T)%N.
  rewrite -/k /raised; move: (chance _ _ _) => x xk; rewrite -subr_ge0.
  have -> : 2%:R^-1 - k * x = k * ((2%:R * k)^-1 - x) by field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?subr_ge0 // ltW.
have [draws [dw never]] := harmless_for_ever Om0 classical hw.
by exists draws; split=> //; exact: silent.
Qed.
