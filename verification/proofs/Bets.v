(** Betting on the next of independent uniform draws: whoever bets k times loses all bets with
    chance at most (1 - 1/N)^k, whatever he has seen and however he chooses; so every player of a
    finite number of players wins again and again, almost surely. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Chances: larger events, and unions *)
Section Union.
Variables (R : realFieldType) (Om : finType).

Lemma ler_chance_size T (P Q : pred (seq Om)) : (forall s, size s = T -> P s -> Q s) ->
  chance R T P <= chance R T Q.
Proof.
move=> PQ; have i0 : 0 <= (#|Om| ^ T)%:R^-1 :> R by rewrite invr_ge0 ler0n.
rewrite -subr_ge0 /chance -mulrBl mulr_ge0 // subr_ge0 ler_nat.
apply: subset_leq_card; apply/subsetP => s; rewrite !inE; apply: PQ; exact: size_tuple.
Qed.

Lemma chance_false T : chance R T (fun _ : seq Om => false) = 0.
Proof.
by rewrite /chance (_ : [set _ | _] = set0) ?cards0 ?mul0r //; apply/setP => s; rewrite !inE.
Qed.

Lemma chance_union (J : finType) T (P : J -> pred (seq Om)) :
  chance R T (fun s => [exists j, P j s]) <= \sum_j chance R T (P j).
Proof.
have i0 : 0 <= (#|Om| ^ T)%:R^-1 :> R by rewrite invr_ge0 ler0n.
rewrite /chance -mulr_suml -natr_sum -subr_ge0 -mulrBl mulr_ge0 // subr_ge0 ler_nat.
rewrite -sum1_card big_mkcond /=.
rewrite (eq_bigr (fun j => (\sum_(s : T.-tuple Om) (P j s : nat))%N)); last first.
  move=> j _; rewrite -sum1_card big_mkcond /=; apply: eq_bigr => s _; rewrite inE.
  by case: (P j s).
rewrite exchange_big /=; apply: leq_sum => s _; rewrite inE; case: existsP => // -[j Pj].
by rewrite (bigD1 j) //= Pj.
Qed.
End Union.

(** ** Betting *)
Section Lost.
Variables (R : realFieldType) (Om : finType).
Hypothesis Om0 : (0 < #|Om|)%N.
Let q : R := 1 - #|Om|%:R^-1.

Lemma q_ge0 : 0 <= q.
Proof.
rewrite /q; have N0 : #|Om|%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
have -> : 1 - #|Om|%:R^-1 = (#|Om|%:R - 1) / #|Om|%:R :> R by field.
by rewrite mulr_ge0 ?invr_ge0 ?ler0n // subr_ge0 ler1n.
Qed.

Lemma q_lt1 : q < 1.
Proof. by rewrite -subr_gt0 /q opprB addrC subrK invr_gt0 ltr0n. Qed.

Lemma placed_cons (bet : seq Om -> option Om) o s :
  placed bet (o :: s) = (isSome (bet [::]) + placed (fun u => bet (o :: u)) s)%N.
Proof. by rewrite /placed /= (iotaDl 1 0) count_map. Qed.

Lemma lost_cons (bet : seq Om -> option Om) o s :
  lost bet (o :: s) = (bet [::] != Some o) && lost (fun u => bet (o :: u)) s.
Proof. by rewrite /lost /= (iotaDl 1 0) all_map. Qed.

Lemma mean_const (x : R) : mean (fun _ : Om => x) = x.
Proof.
by rewrite /mean sumr_const -[x *+ _]mulr_natr mulfK // pnatr_eq0 -lt0n.
Qed.

(** The first draw decides the first bet; the rest is the same game with one more draw seen. *)
Theorem lost_bets T k (bet : seq Om -> option Om) :
  chance R T (fun s => (k <= placed bet s)%N && lost bet s) <= q ^+ k.
Proof.
elim: T k bet => [|T IH] k bet.
  rewrite chance0 /placed /lost /= andbT; case: k => [|k]; first by rewrite expr0.
  by rewrite exprn_ge0 // q_ge0.
rewrite chanceS; case bE: (bet [::]) => [B|]; last first.
  rewrite -[X in _ <= X]mean_const; apply: ler_mean => // o.
  rewrite (@eq_chance _ _ _ _ (fun s => (k <= placed (fun u => bet (o :: u)) s)%N &&
    lost (fun u => bet (o :: u)) s)) // => s.
  by rewrite placed_cons lost_cons bE.
case: k => [|k]; first by rewrite expr0 -chanceS chance_le1.
apply: (@le_trans _ _ (mean (fun o => q ^+ k * (o != B)%:R))).
  apply: ler_mean => // o; have [->|oB] := eqVneq o B.
    rewrite mulr0 (@eq_chance _ _ _ _ (fun _ => false)) => [|s].
      by rewrite chance_false.
    by rewrite lost_cons bE eqxx andbF.
  rewrite mulr1 (@eq_chance _ _ _ _ (fun s => (k <= placed (fun u => bet (o :: u)) s)%N &&
    lost (fun u => bet (o :: u)) s)) // => s.
  by rewrite placed_cons lost_cons bE /= add1n ltnS (inj_eq Some_inj) eq_sym oB.
rewrite mean_scale exprSr -subr_ge0 -mulrBr mulr_ge0 ?exprn_ge0 ?q_ge0 // subr_ge0.
rewrite /mean -natr_sum (_ : (\sum_o (o != B) = #|Om|.-1)%N); last first.
  rewrite -big_mkcond /= sum1_card; have := cardC1 B; rewrite -(eq_card (A := predC1 B)) //.
rewrite /q; case: #|Om| Om0 => // N _ /=.
have N0 : N.+1%:R != 0 :> R by rewrite pnatr_eq0.
have -> : N%:R = N.+1%:R - 1 :> R by rewrite -addn1 natrD addrK.
by rewrite mulrBl mulfV // mul1r.
Qed.
End Lost.

(** ** The rational numbers have Archimedes' property *)
Lemma rat_archimedes (x : rat) : exists k : nat, x <= k%:R.
Proof.
exists `|numq x|%N; have d1 : 1 <= (denq x)%:~R :> rat.
  by rewrite (_ : 1 = 1%:~R) // ler_int -gtz0_ge1 denq_gt0.
have n0 : 0 <= (`|numq x|%N)%:R :> rat by rewrite ler0n.
have nn : (numq x)%:~R <= (`|numq x|%N)%:R :> rat.
  by rewrite -[(`|numq x|%N)%:R]mulrz_nat natz abszE ler_int ler_norm.
rewrite -[X in X <= _]divq_num_den -subr_ge0.
move: (numq x)%:~R (`|numq x|%N)%:R (denq x)%:~R d1 n0 nn => n N d d1 n0 nn.
have d0 : 0 < d by exact: lt_le_trans ltr01 d1.
have -> : N - n / d = (N * (d - 1) + (N - n)) / d by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?invr_ge0 ?(ltW d0) // addr_ge0 ?mulr_ge0 ?subr_ge0.
Qed.

(** ** A finite number of players, each of whom bets on every draw *)
Section Players.
Variables (Om J : finType) (bet : J -> seq Om -> Om).
Hypothesis Om0 : (0 < #|Om|)%N.
Let q : rat := 1 - #|Om|%:R^-1.

(** Player j bets at the times T0 <= t < T0 + L only. *)
Definition window T0 L j (s : seq Om) : option Om :=
  if (T0 <= size s < T0 + L)%N then Some (bet j s) else None.

Lemma window_misses T T0 L j (s : seq Om) : size s = T -> (T0 + L <= T)%N ->
  all (fun t => Some (bet j (take t s)) != ohead (drop t s)) (iota T0 L) ->
  (L <= placed (window T0 L j) s)%N && lost (window T0 L j) s.
Proof.
move=> sT LT /allP all_lost.
have ws t : (t \in iota 0 (size s)) -> window T0 L j (take t s) =
    if (T0 <= t < T0 + L)%N then Some (bet j (take t s)) else None.
  by rewrite mem_iota /= add0n => ts; rewrite /window size_takel // ltnW.
apply/andP; split.
  rewrite /placed (eq_in_count (a2 := fun t => (T0 <= t < T0 + L)%N)); last first.
    by move=> t ts; rewrite ws //; case: ifP.
  have -> : size s = (T0 + (L + (size s - (T0 + L))))%N by rewrite sT addnA subnKC.
  rewrite iotaD iotaD !count_cat; apply: leq_trans (leq_addl _ _).
  rewrite add0n; apply: leq_trans (leq_addr _ _).
  rewrite (_ : count _ _ = L) //; rewrite -[RHS](size_iota T0 L); apply/eqP; rewrite -all_count.
  by apply/allP => t; rewrite mem_iota.
apply/allP => t ts; rewrite ws //; case: ifP => [tL|_].
  by apply: all_lost; rewrite mem_iota.
move: ts; rewrite mem_iota /= add0n => ts.
have : (0 < size (drop t s))%N by rewrite size_drop subn_gt0.
by case: (drop t s).
Qed.

(** All players have won a bet at or after time T0. *)
Definition all_won T0 (s : seq Om) : bool := [forall j,
  has (fun t => Some (bet j (take t s)) == ohead (drop t s)) (iota T0 (size s - T0))].

Lemma not_all_won T0 L : (chance _ (T0 + L) (fun s => ~~ happened (all_won T0) s) : rat) <=
  #|J|%:R * q ^+ L.
Proof.
pose P j (s : seq Om) := (L <= placed (window T0 L j) s)%N && lost (window T0 L j) s.
apply: (@le_trans _ _ (chance _ (T0 + L) (fun s => [exists j, P j s]))).
  apply: ler_chance_size => s sT; have ss : size s \in iota 0 (size s).+1 by rewrite mem_iota /=.
  move/hasPn => /(_ _ ss); rewrite take_size /all_won sT addKn negb_forall => /existsP[j].
  by rewrite -all_predC => miss; apply/existsP; exists j; apply: window_misses sT _ miss.
apply: le_trans (chance_union _ _ _) _; rewrite mulr_natl -sumr_const; apply: ler_sum => j _.
exact: lost_bets.
Qed.

Theorem players_win : almost_surely_strong (fun draws => forall j T0, exists t, (T0 <= t)%N /\
  draws t = bet j (mkseq draws t)).
Proof.
have q0 : 0 <= q := q_ge0 _ Om0; have q1 : q < 1 := q_lt1 _ Om0.
exists all_won; split=> [T0 p p0|draws won j T0].
  have [L Lq] := geometric_small rat_archimedes q0 q1 (ler0n _ #|J|) p0; exists (T0 + L)%N.
  by apply: le_trans (not_all_won T0 L) _; rewrite mulrC.
have [t /forallP/(_ j)/hasP[u]] := won T0; rewrite size_mkseq mem_iota => /andP[T0u uT].
have ut : (u < t)%N.
  have [Tt|/ltnW tT] := leqP T0 t; first by rewrite subnKC in uT.
  by move: uT; rewrite (eqP tT) addn0 ltnNge T0u.
move/eqP; rewrite /mkseq -map_take -map_drop take_iota drop_iota (minn_idPl (ltnW ut)) add0n.
case: (t - u)%N (subn_gt0 u t) => [|k] /=; first by rewrite ut.
by move=> _ [uE]; exists u; split=> //; rewrite -uE.
Qed.
End Players.
