(** Chance without measure theory: T independent uniform draws from a finite set are T-tuples, all
    equally likely. An event of the whole run is almost sure if the chance that its first T0 + T
    draws contradict it after time T0 is small for large T0, whatever T. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Chance.
Variables (R : realFieldType) (Om : finType).
Hypothesis Om0 : (0 < #|Om|)%N.

Local Notation chance := (@chance R Om).

Local Notation mean := (@mean R Om).

Lemma Om_gt0 : 0 < #|Om|%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma ler_mean F G : (forall o, F o <= G o) -> mean F <= mean G.
Proof.
move=> FG; have i0 : 0 <= #|Om|%:R^-1 :> R by rewrite invr_ge0 ltW // Om_gt0.
rewrite -subr_ge0 /mean -mulrBl mulr_ge0 // subr_ge0.
by apply: ler_sum => o _; exact: FG.
Qed.

Lemma mean_scale (k : R) F : mean (fun o => k * F o) = k * mean F.
Proof. by rewrite /mean -mulr_sumr mulrA. Qed.

Lemma chance0 P : chance 0 P = (P [::])%:R.
Proof.
rewrite /chance expn0 divr1; congr (_%:R).
have -> : [set s : 0.-tuple Om | P s] = (if P [::] then setT else set0).
  by apply/setP => s; rewrite (tuple0 s) inE; case: ifP => _; rewrite inE.
by case: ifP => _; rewrite ?cards0 // cardsT card_tuple expn0.
Qed.

Lemma eq_chance T (P Q : pred (seq Om)) : (forall s, P s = Q s) -> chance T P = chance T Q.
Proof. by move=> PQ; rewrite /chance; congr (_%:R / _); apply: eq_card => s; rewrite !inE PQ. Qed.

Lemma card_consE T (P : pred (seq Om)) : #|[set s : T.+1.-tuple Om | P s]| =
  (\sum_o #|[set s : T.-tuple Om | P (o :: s)]|)%N.
Proof.
rewrite -sum1_card (reindex (fun p : Om * T.-tuple Om => cons_tuple p.1 p.2)) /=; last first.
  exists (fun t : T.+1.-tuple Om => (thead t, [tuple of behead t])) => [[o s] _|t _] /=.
    by rewrite theadE; congr (_, _); apply: val_inj.
  by rewrite [RHS]tuple_eta; apply: val_inj.
rewrite (eq_bigl (fun p : Om * T.-tuple Om => true && P (p.1 :: p.2))); last by case=> o s; rewrite inE.
rewrite -(pair_big_dep xpredT (fun o (s : T.-tuple Om) => P (o :: s)) (fun _ _ => 1%N)) /=.
apply: eq_bigr => o _; rewrite -sum1_card; apply: eq_bigl => s; by rewrite inE.
Qed.

Lemma chanceS T P : chance T.+1 P = mean (fun o => chance T (fun s => P (o :: s))).
Proof.
rewrite /mean /chance -mulr_suml card_consE natr_sum -mulrA -invfM -natrM; congr (_ / _).
by rewrite expnS mulnC.
Qed.

Lemma chance_le1 T P : chance T P <= 1.
Proof.
have k0 : (0 < #|Om| ^ T)%N by rewrite expn_gt0 Om0.
rewrite /chance -subr_ge0.
have -> : 1 - #|[set s : T.-tuple Om | P s]|%:R / (#|Om| ^ T)%:R =
  ((#|Om| ^ T)%:R - #|[set s : T.-tuple Om | P s]|%:R) / (#|Om| ^ T)%:R :> R.
  by field; rewrite pnatr_eq0 -lt0n.
rewrite mulr_ge0 ?invr_ge0 ?ler0n // subr_ge0 ler_nat -card_tuple.
exact: max_card.
Qed.

Lemma ler_chance T (P Q : pred (seq Om)) : (forall s, P s -> Q s) -> chance T P <= chance T Q.
Proof.
move=> PQ; have i0 : 0 <= (#|Om| ^ T)%:R^-1 :> R by rewrite invr_ge0 ler0n.
rewrite -subr_ge0 /chance -mulrBl mulr_ge0 // subr_ge0 ler_nat.
by apply: subset_leq_card; apply/subsetP => s; rewrite !inE; exact: PQ.
Qed.

(** ** A random run *)
Variables (W : Type) (next : Om -> W -> W).
Local Notation states := (states next).

Local Notation late := (late next).

Variables (inv : W -> Prop) (V : W -> R) (q : R).
Hypotheses (inv_next : forall o w, inv w -> inv (next o w))
  (V_ge0 : forall w, inv w -> 0 <= V w)
  (drift : forall w, inv w -> mean (fun o => V (next o w)) <= q * V w)
  (q0 : 0 <= q) (q1 : q <= 1).
Variable e : R.
Hypothesis e0 : 0 < e.

Lemma one_le_ratio (x : R) : e <= x -> 1 <= x / e.
Proof.
move=> ex; rewrite -subr_ge0.
have -> : x / e - 1 = (x - e) / e by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
Qed.

Lemma mean_ratio w : inv w -> mean (fun o => V (next o w) / e) <= q * (V w / e).
Proof.
move=> iw; rewrite (_ : mean _ = e^-1 * mean (fun o => V (next o w))); last first.
  by rewrite -mean_scale /mean; congr (_ / _); apply: eq_bigr => o _; rewrite mulrC.
have -> : q * (V w / e) = e^-1 * (q * V w) by ring.
rewrite -subr_ge0 -mulrBr mulr_ge0 ?invr_ge0 ?(ltW e0) // subr_ge0; exact: drift.
Qed.

(** Ville's inequality: V is ever as large as e with chance at most V(w)/e. *)
Lemma maximal T w : inv w -> chance T (late 0 (fun v => e <= V v) w) <= V w / e.
Proof.
have ei : 0 <= e^-1 by rewrite invr_ge0 ltW.
elim: T w => [|T IH] w iw; have V0 := V_ge0 iw; case: (lerP e (V w)) => [big|small].
- by apply: le_trans (one_le_ratio big); exact: chance_le1.
- by rewrite chance0 /late /states /= (leNgt e (V w)) small /= mulr_ge0.
- by apply: le_trans (one_le_ratio big); exact: chance_le1.
rewrite chanceS; apply: (@le_trans _ _ (mean (fun o => V (next o w) / e))).
  apply: ler_mean => o; apply: le_trans (IH _ (inv_next o iw)).
  rewrite (@eq_chance _ _ (late 0 (fun v => e <= V v) (next o w))) // => s.
  by rewrite /late /states /= (leNgt e (V w)) small.
apply: le_trans (mean_ratio iw) _.
by rewrite -[X in _ <= X]mul1r; apply: mul_le => //; rewrite mulr_ge0.
Qed.
End Chance.

(** ** Almost surely *)
Section Limit.
Variable R : realFieldType.
Variables (Om : finType) (W : Type) (next : Om -> W -> W).

Lemma geometric_small (q x p : R) : archimedean R -> 0 <= q -> q < 1 -> 0 <= x -> 0 < p ->
  exists T, q ^+ T * x <= p.
Proof.
move=> arch q0 q1 x0 p0; have d0 : 0 < 1 - q by rewrite subr_gt0.
have bernoulli T : q ^+ T * (1 + T%:R * (1 - q)) <= 1.
  elim: T => [|T IH]; first by rewrite expr0 mul0r addr0 mulr1.
  apply: le_trans IH; have qT : 0 <= q ^+ T by rewrite exprn_ge0.
  rewrite exprS -addn1 natrD; have d0' := ltW d0.
  by cert (q ^+ T * ((T%:R + 1) * (1 - q) ^+ 2)).
have [T Tx] := arch (x / (p * (1 - q))); exists T.
have pd : 0 < p * (1 - q) by rewrite mulr_gt0.
have xT : x <= p * (T%:R * (1 - q)).
  have xE : x = x / (p * (1 - q)) * (p * (1 - q)) by field; rewrite !gt_eqF.
  rewrite -subr_ge0 xE; set y := x / _ in Tx *.
  have -> : p * (T%:R * (1 - q)) - y * (p * (1 - q)) = (T%:R - y) * (p * (1 - q)) by ring.
  by rewrite mulr_ge0 ?subr_ge0 // ltW.
have qT : 0 <= q ^+ T by rewrite exprn_ge0.
have b := bernoulli T; have p0' := ltW p0.
cert (q ^+ T * (p * (T%:R * (1 - q)) - x) + p * (1 - q ^+ T * (1 + T%:R * (1 - q))) + q ^+ T * p).
Qed.
End Limit.
