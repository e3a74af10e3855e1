(** The selection law exists. Once a run has settled near one point (all but a share p of the
    runs), its last weight is near i exactly if its weight at time T0 is; and the chance of an
    event of the first T0 batches does not depend on how many follow. So the chances at two late
    times differ by at most 2p, they add up to at least 1 - p, and to at most 1 since no weight is
    near two points. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap Prob Capture Exchange FarOut Assemble.
From Whichmin Require Import Converge EveryPoint EveryLimit SinglePoint Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Chances.
Variables (R : realFieldType) (Om : finType).
Hypothesis Om0 : (0 < #|Om|)%N.
Local Notation chance := (@chance R Om).

Lemma chance_const T (x : bool) : chance T (fun _ => x) = x%:R.
Proof.
elim: T => [|T IH]; first exact: chance0.
by rewrite chanceS // (_ : mean _ = mean (fun _ : Om => x%:R : R)) ?mean_const // /mean IH.
Qed.

(** An event of the first T0 draws. *)
Lemma chance_take T0 T P : chance (T0 + T) (fun s => P (take T0 s)) = chance T0 P.
Proof.
elim: T0 P => [|T0 IH] P.
  by rewrite chance0 -(chance_const T) add0n; apply: eq_chance => s; rewrite take0.
rewrite addSn !chanceS // /mean; congr (_ / _); apply: eq_bigr => o _.
by rewrite -(IH (fun s => P (o :: s))).
Qed.

Lemma ler_chance_size T (P Q : pred (seq Om)) : (forall s, size s = T -> P s -> Q s) ->
  chance T P <= chance T Q.
Proof.
move=> PQ; rewrite -subr_ge0 /Definitions.chance -mulrBl mulr_ge0 ?invr_ge0 ?ler0n // subr_ge0 ler_nat.
by apply: subset_leq_card; apply/subsetP => s; rewrite !inE; apply: PQ; exact: size_tuple.
Qed.

Lemma chance_or T (P Q Z : pred (seq Om)) : (forall s, size s = T -> P s -> Q s || Z s) ->
  chance T P <= chance T Q + chance T Z.
Proof.
elim: T P Q Z => [|T IH] P Q Z all.
  rewrite !chance0; have := all [::] erefl; rewrite -natrD ler_nat.
  by case: (P _) (Q _) (Z _) => [|] [|] [|] => // /(_ isT).
rewrite !chanceS // -mean_add; apply: ler_mean => // o; apply: IH => s ss.
by apply: all; rewrite /= ss.
Qed.

Lemma chance_sum_le T (I : finType) (A : pred I) (P : I -> pred (seq Om)) :
  (forall s, size s = T -> (\sum_(i | A i) P i s <= 1)%N) -> \sum_(i | A i) chance T (P i) <= 1.
Proof.
elim: T P => [|T IH] P all.
  rewrite (eq_bigr (fun i => (P i [::] : nat)%:R)) => [|i _]; last by rewrite chance0.
  by rewrite -natr_sum -[X in _ <= X]/(1%:R) ler_nat; exact: all.
rewrite (eq_bigr _ (fun i _ => chanceS R T (P i))) -mean_sum -[X in _ <= X](mean_const Om0).
apply: ler_mean => // o; apply: IH => s ss.
by apply: all; rewrite /= ss.
Qed.

Lemma chance_sum_ge T (I : finType) (A : pred I) (P : I -> pred (seq Om)) (Z : pred (seq Om)) :
  (forall s, size s = T -> Z s \/ exists2 i, A i & P i s) ->
  1 <= \sum_(i | A i) chance T (P i) + chance T Z.
Proof.
elim: T P Z => [|T IH] P Z all.
  rewrite (eq_bigr (fun i => (P i [::] : nat)%:R)) => [|i _]; last by rewrite chance0.
  rewrite chance0 -natr_sum -natrD ler1n.
  case: (all [::] erefl) => [->|[i Ai Pi]]; first by rewrite addn1.
  by rewrite (bigD1 i) //= Pi -addnA.
rewrite (eq_bigr _ (fun i _ => chanceS R T (P i))) -mean_sum chanceS // -mean_add.
rewrite -[X in X <= _](mean_const Om0); apply: ler_mean => // o; apply: IH => s ss.
by apply: all; rewrite /= ss.
Qed.
End Chances.

(** ** The runs *)
Lemma last_states (Om W : Type) (next : Om -> W -> W) s w v :
  last v (w :: scanl (fun w o => next o w) w s) = foldl (fun w o => next o w) w s.
Proof. by elim: s w v => [|o s IH] w v //=; exact: IH. Qed.

(** After T0 draws the weight at time T0 is among the late ones, and so is the last. *)
Lemma late_weights (Om : finType) (W : eqType) (next : Om -> W -> W) T0 s w (P : pred W) :
  (T0 <= size s)%N -> all P (drop T0 (states next w s)) ->
  P (run next w (take T0 s)) /\ P (run next w s).
Proof.
move=> T0s; rewrite /states -{1}[s](cat_take_drop T0).
have sz : size (take T0 s) = T0 by rewrite size_take_min; exact/minn_idPl.
rewrite -{1}sz -[size (take T0 s)]addn0 drop_states drop0 => h.
have [h1 _] := andP h; split; first exact: h1.
rewrite -[s in run _ _ s](cat_take_drop T0) /run foldl_cat -(last_states next _ _ w).
by apply: (allP h); rewrite /= mem_last.
Qed.

Section Law.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Variables (eta : R) (w0 : 'rV[R]_n).
Hypotheses (archimedes : forall x : R, exists k : nat, x <= k%:R)
  (b0 : (0 < b)%N) (bm : (b < m)%N) (eta0 : 0 < eta) (al1 : eta / b%:R <= 5%:R^-1)
  (start : sqnorm w0 <= 21%:R / 20%:R) (some_eligible : exists i, eligible kind a w0 i).
Local Notation batch := (batch m b).
Local Notation elig := (eligible kind a w0).
Local Notation within := (within a w0).
Local Notation traj := (trajectory kind a eta w0).
Local Notation final := (fun e i (Bs : seq batch) => within e i (last w0 (traj Bs))).
Local Notation P T e i := (chance R T (final e i)).
Let Om0 : (0 < #|{: batch}|)%N. Proof. exact: some_batches bm. Qed.

Lemma within_le e e' i w : 0 <= e -> e <= e' -> within e i w -> within e' i w.
Proof.
by move=> e0 ee h; apply: le_trans h _; exact: sqr_le_of_abs.
Qed.

(** No weight is within 1/2 of two eligible points. *)
Lemma one_target e i j w : 0 <= e -> e <= 2%:R^-1 -> elig i -> elig j ->
  within e i w -> within e j w -> i = j.
Proof.
move=> e0 e1; rewrite !eligibleE => ai aj ni nj; apply/eqP/negPn/negP => ij.
have /(within_le e0 e1) {ni} ni := ni; have /(within_le e0 e1) {nj} nj := nj.
have si := sg_sqr ai; have sj := sg_sqr aj.
move: ni nj; rewrite /Definitions.within; set u := _ - _; set v := _ - _ => ni nj.
have := sqnorm_ge0 (u + v); have : sqnorm (u - v) = 2%:R.
  have -> : u - v = Num.sg (corr a w0 j) *: a j - Num.sg (corr a w0 i) *: a i.
    by rewrite /u /v opprB addrC addrA subrK.
  rewrite sqnormB !sqnormZ dotZl dotZr a_orth eq_sym (negbTE ij) !mulr0 subr0 si sj.
  by rewrite /sqnorm !a_orth !eqxx !mulr1.
rewrite (sqnormB u v) (sqnormD u v); move: (dot u v) (sqnorm u) (sqnorm v) ni nj => x y z ni nj E.
rewrite leNgt => /negP; apply; rewrite -subr_gt0 sub0r.
have -> : - (y + 2%:R * x + z) = (y - 2%:R * x + z) - 2%:R * (y + z) by ring.
rewrite E; apply: (@lt_le_trans _ _ 1); first exact: ltr01.
by cert (2%:R * (2%:R^-1 ^+ 2 - y) + 2%:R * (2%:R^-1 ^+ 2 - z)).
Qed.

(** The chance at a late time T0 + T differs little from that at time T0. *)
Lemma late_law e e1 p T0 T : 0 < e1 -> e1 <= e -> e <= 2%:R^-1 ->
  chance R (T0 + T) (fun Bs : seq batch => ~~ settled kind a eta w0 e1 T0 Bs) <= p ->
  (forall i, elig i -> `|P (T0 + T) e i - P T0 e1 i| <= p) /\
  1 - p <= \sum_(i | elig i) P (T0 + T) e i.
Proof.
move=> e10 e1e e2 small; have e0 := le_trans (ltW e10) e1e.
have both (Bs : seq batch) : size Bs = (T0 + T)%N -> settled kind a eta w0 e1 T0 Bs ->
    exists2 j, elig j & final e1 j (take T0 Bs) /\ final e1 j Bs.
  move=> sB /existsP[j /andP[ej close]]; exists j => //.
  rewrite /trajectory /states !last_states; apply: late_weights close.
  by rewrite sB leq_addr.
have up i := within_le (ltW e10) e1e (i := i).
split=> [i ei|].
  have E : P T0 e1 i = chance R (T0 + T) (fun Bs : seq batch => final e1 i (take T0 Bs)).
    by rewrite (@chance_take R _ Om0 T0 T (final e1 i)).
  rewrite E; set x := chance _ _ _; set y := chance _ _ _; set Z := chance _ _ _ in small.
  have h1 : x <= y + Z.
    apply: (chance_or R Om0) => Bs sB near_.
    case: (boolP (settled _ _ _ _ _ _ _)) => [|_]; last by rewrite orbT.
    case/(both _ sB) => j ej [j1 j2]; rewrite orbF.
    by have <- : j = i by apply: one_target e0 e2 ej ei (up _ _ j2) near_.
  have h2 : y <= x + Z.
    apply: (chance_or R Om0) => Bs sB near_.
    case: (boolP (settled _ _ _ _ _ _ _)) => [|_]; last by rewrite orbT.
    case/(both _ sB) => j ej [j1 j2]; rewrite orbF.
    have <- : j = i by apply: one_target e0 e2 ej ei (up _ _ j1) (up _ _ near_).
    exact: up.
  apply: Ending.norm_bounds; first by cert ((y + Z - x) + (p - Z)).
  by cert ((x + Z - y) + (p - Z)).
set S := \sum_(i | _) _; set Z := chance _ _ _ in small.
have h : 1 <= S + Z.
  apply: (chance_sum_ge R Om0) => Bs sB.
  case: (boolP (settled _ _ _ _ _ _ _)) => [|_]; last by left.
  by case/(both _ sB) => j ej [_ j2]; right; exists j => //; exact: up.
by cert ((S + Z - 1) + (p - Z)).
Qed.

Lemma law_le1 e T : 0 <= e -> e <= 2%:R^-1 -> \sum_(i | elig i) P T e i <= 1.
Proof.
move=> e0 e1; apply: (chance_sum_le R Om0) => Bs sB.
case: (boolP [exists i, elig i && final e i Bs]) => [/existsP[i /andP[ei ni]]|none].
  rewrite (bigD1 i) //= ni big1 => [|j /andP[ej ji]]; first by [].
  case: (boolP (within e j _)) => // nj.
  by move: ji; rewrite (one_target e0 e1 ej ei nj ni) eqxx.
rewrite big1 // => i ei; case: (boolP (within e i _)) => // ni.
by case/existsP: none; exists i; rewrite ei ni.
Qed.

Theorem selection_law e e' p : 0 < e -> e <= 2%:R^-1 -> 0 < e' -> e' <= 2%:R^-1 -> 0 < p ->
  exists T0, forall T T', (T0 <= T)%N -> (T0 <= T')%N ->
    (forall i, elig i -> `|P T e i - P T' e' i| <= p) /\
    `|\sum_(i | elig i) P T e i - 1| <= p.
Proof.
move=> e0 e1 e'0 e'1 p0.
have [d [d0 de de']] : exists d, [/\ 0 < d, d <= e & d <= e'].
  by case: (lerP e e') => [|/ltW] h; [exists e | exists e']; split; rewrite ?lexx.
have p2 : 0 < p / 2%:R by rewrite divr_gt0 ?ltr0n.
have [T0 small] := sgd_ends_at_one_point archimedes a_orth (conj b0 bm) (conj eta0 al1) start
  some_eligible d0 p2.
exists T0 => T T' /subnKC TE /subnKC T'E.
have [h1 h2] := late_law d0 de e1 (small (T - T0)%N).
have [h1' _] := late_law d0 de' e'1 (small (T' - T0)%N).
rewrite TE in h1 h2; rewrite T'E in h1'; split=> [i ei|].
  have := h1 i ei; have := h1' i ei; move: (P T e i) (P T' e' i) (P T0 d i) => x y z yz xz.
  have -> : x - y = (x - z) - (y - z) by ring.
  rewrite ler_norml in yz; rewrite ler_norml in xz.
  have [/andP[y1 y2] /andP[x1 x2]] := conj yz xz; apply: Ending.norm_bounds.
    by cert ((p / 2%:R - (x - z)) + ((y - z) - - (p / 2%:R))).
  by cert ((p / 2%:R - (y - z)) + ((x - z) - - (p / 2%:R))).
have le1 := law_le1 T (ltW e0) e1; set S := \sum_(i | _) _ in h2 le1 *.
have p2' := ltW p2; apply: Ending.norm_bounds; first by cert ((1 - S) + p).
by cert ((S - (1 - p / 2%:R)) + p / 2%:R).
Qed.
End Law.
