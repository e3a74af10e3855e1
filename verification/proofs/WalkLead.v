(** The lead V: bounded increments, its least value, and what follows if it tends to infinity. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Ending Converge CycStep CycLimit.
From Whichmin Require Import CycRule WalkStep WalkMiss WalkLimit Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Lead.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation N := (@sqnorm R n).
Local Notation lead := (lead_over kind a).
Local Notation V := (largest_lead kind a).
Local Notation rsum := (rivals_sum kind a).

Lemma max_cases (x y : R) : Num.max x y = x \/ Num.max x y = y.
Proof. by rewrite /Order.max; case: ifP; [right | left]. Qed.
Lemma max_ge (x y : R) : x <= Num.max x y /\ y <= Num.max x y.
Proof. by rewrite /Order.max; case: (ltP x y) => h; split; rewrite ?lexx // ltW. Qed.

Lemma largest_ge l w : lead l w <= V w.
Proof.
rewrite /largest_lead; have := mem_index_enum l.
elim: (index_enum _) => // i s IH; rewrite in_cons big_cons.
have [h1 h2] := max_ge (lead i w) (\big[Num.max/0]_(j <- s) lead j w).
by case/orP => [/eqP ->|ls] //; exact: le_trans (IH ls) h2.
Qed.

Lemma largest_some K w : 0 < K -> K <= V w -> exists l, K <= lead l w.
Proof.
move=> K0; rewrite /largest_lead; elim: (index_enum _) => [|i s IH]; rewrite ?big_nil ?big_cons.
  by rewrite leNgt K0.
by case: (max_cases (lead i w) (\big[Num.max/0]_(j <- s) lead j w)) => -> // h; exists i.
Qed.

Lemma largest_scale r v w : 0 <= r -> (forall l, lead l v <= r * lead l w) -> V v <= r * V w.
Proof.
move=> r0 h; apply: (big_ind2 (fun x y => x <= r * y)); first by rewrite mulr0 lexx.
  move=> x1 y1 x2 y2 h1 h2; have [g1 g2] := max_ge y1 y2.
  case: (max_cases x1 x2) => ->; first apply: le_trans h1 _; last apply: le_trans h2 _.
    by rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
  by rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
by move=> l _; exact: h.
Qed.

(** A lead above 0 is a quotient. *)
Lemma lead_pos l w : 0 < lead l w -> 0 < rsum l w.
Proof.
move=> p; rewrite lt_def rivals_sum_ge0 andbT; apply: contraTneq p => z.
by rewrite /lead_over z invr0 mulr0 ltxx.
Qed.

Lemma lead_le K l w : 0 < lead l w -> K <= lead l w -> K * rsum l w <= `|phi (c w l)|.
Proof.
move=> p; have Y := lead_pos p; rewrite /lead_over.
move: (rsum l w) `|_| Y => y x Y h; have -> : x = x / y * y by rewrite divfK // gt_eqF.
by rewrite -subr_ge0 -mulrBl mulr_ge0 ?(ltW Y) // subr_ge0.
Qed.

(** Only one point leads all the others together. *)
Lemma lead_one l k w : 1 < lead l w -> 1 < lead k w -> l = k.
Proof.
have ahead i j : 1 < lead i w -> j != i -> `|phi (c w j)| < `|phi (c w i)|.
  move=> h ji; have p := lt_trans ltr01 h; have Y := lead_pos p.
  apply: (@le_lt_trans _ _ (rsum i w)).
    rewrite /rivals_sum (bigD1 j) //= -subr_ge0 addrC addKr; apply: sumr_ge0 => q _;
      exact: normr_ge0.
  move: h; rewrite /lead_over; move: (rsum i w) `|_| Y => y x Y h.
  rewrite -subr_gt0; have -> : x - y = (x / y - 1) * y by field; rewrite gt_eqF.
  by rewrite mulr_gt0 // subr_gt0.
move=> h1 h2; apply/eqP/negPn/negP => lk.
have kl : k != l by rewrite eq_sym.
by have := lt_trans (ahead _ _ h1 kl) (ahead _ _ h2 lk); rewrite ltxx.
Qed.

(** The largest lead is at least 1/(m-1) where at least two points are active. *)
Lemma largest_least i j w : i != j -> phi (c w i) != 0 -> phi (c w j) != 0 -> 1 <= (m%:R - 1) * V w.
Proof.
move=> ij i0 j0; have [l top] : exists l, forall k, `|phi (c w k)| <= `|phi (c w l)|.
  exists [arg max_(k > i) `|phi (c w k)|]%O => k.
  by case: Order.TotalTheory.arg_maxP => // x _; apply.
have x0 : 0 < `|phi (c w l)| by apply: (@lt_le_trans _ _ `|phi (c w i)|); rewrite ?normr_gt0.
have Y0 : 0 < rsum l w.
  have [k kl k0] : exists2 k, k != l & phi (c w k) != 0.
    by case: (eqVneq i l) => [il|il]; [exists j => //; rewrite -il eq_sym | exists i].
  apply: (@lt_le_trans _ _ `|phi (c w k)|); first by rewrite normr_gt0.
  by rewrite /rivals_sum (bigD1 k) //= -subr_ge0 addrC addKr; apply: sumr_ge0 => q _;
    exact: normr_ge0.
have Y1 : rsum l w <= (m%:R - 1) * `|phi (c w l)|.
  have -> : (m%:R - 1) * `|phi (c w l)| = \sum_(k | k != l) `|phi (c w l)|.
    have m0 : (0 < m)%N by case: m l {top x0 Y0} => // -[].
    have : \sum_(k < m) `|phi (c w l)| = `|phi (c w l)| + \sum_(k | k != l) `|phi (c w l)|.
      by rewrite (bigD1 l).
    rewrite {1}sumr_const card_ord -[_ *+ m]mulr_natl => E.
    by rewrite mulrBl mul1r E [`|_| + _]addrC addrK.
  by apply: ler_sum => k _; exact: top.
have m1 : 0 <= m%:R - 1 :> R.
  by rewrite subr_ge0 ler1n; case: m i {ij i0 j0 l top x0 Y0 Y1} => // -[].
apply: (@le_trans _ _ ((m%:R - 1) * lead l w)); last first.
  by rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0; exact: largest_ge.
rewrite /lead_over; move: (m%:R - 1 : R) (rsum l w) `|_| Y0 Y1 x0 m1 => k y x Y0 Y1 x0 m1.
rewrite -subr_ge0; have -> : k * (x / y) - 1 = (k * x - y) / y by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
Qed.

(** ** The lead tends to infinity *)
Variables (eta : R) (Bs : nat -> {set 'I_m}) (w0 : 'rV[R]_n).
Hypothesis arch : archimedean R.
Local Notation W := (run_batches kind a eta Bs w0).
Hypotheses (eta0 : 0 < eta) (al1 : forall t, eta / #|Bs t|%:R <= 5%:R^-1)
  (w0_in : N w0 <= 21%:R / 20%:R) (V_grows : forall K : R, exists T, forall t, (T <= t)%N ->
    K <= V (W t)).

Theorem lead_to_limit : exists l, phi (c w0 l) != 0 /\ converges_to W (Num.sg (c w0 l) *: a l).
Proof.
have eta_ge0 := ltW eta0; have two0 : 0 < 2%:R :> R by rewrite ltr0n.
have one2 : 1 < 2%:R :> R by rewrite ltr1n.
have [T0 V2] := V_grows 2%:R; have [l lT] := largest_some two0 (V2 _ (leqnn T0)).
have N1 t : N (W t) <= 21%:R / 20%:R by have [] := run_trap kind a_orth eta0 al1 w0_in t.
have kept s : 2%:R <= lead l (W (T0 + s)).
  elim: s => [|s IH]; first by rewrite addn0.
  have [k k2] := largest_some two0 (V2 _ (leq_addr s.+1 T0)).
  rewrite (_ : l = k) //; apply: (lead_one (w := W (T0 + s.+1))); last exact: lt_le_trans one2 k2.
  rewrite addnS; have [_] := lead_any kind a_orth eta_ge0 (al1 (T0 + s)) (N1 (T0 + s)%N) l.
  rewrite -[step _ _ _ _ _]/(W (T0 + s).+1) => /(le_trans IH).
  have := al1 (T0 + s); have : 0 <= eta / #|Bs (T0 + s)|%:R by rewrite mulr_ge0 // invr_ge0 ler0n.
  move: (eta / _) (lead l _) => A x A0 A1 h; rewrite ltNge; apply/negP => x1.
  suff : (1 + 2%:R * A) * x < 2%:R by rewrite ltNge h.
  apply: (@le_lt_trans _ _ (7%:R / 5%:R)).
    by cert ((1 + 2%:R * A) * (1 - x) + 2%:R * (5%:R^-1 - A)).
  by rewrite -subr_gt0; have -> : 2%:R - 7%:R / 5%:R = 3%:R / 5%:R :> R by [field];
    rewrite divr_gt0 ?ltr0n.
have grows K : exists T, forall t, (T <= t)%N -> K * rsum l (W t) <= `|phi (c (W t) l)|.
  have [K' [K1 K2]] : exists K' : R, K <= K' /\ 2%:R <= K'.
    case: (lerP K 2%:R) => [h|/ltW h]; first by exists 2%:R; rewrite lexx.
    by exists K; rewrite lexx.
  have [T VT] := V_grows K'; exists (T0 + T)%N => t tT.
  have [k kK] := largest_some (lt_le_trans two0 K2) (VT t (leq_trans (leq_addl _ _) tT)).
  have tE : t = (T0 + (t - T0))%N by rewrite subnKC // (leq_trans _ tT) // leq_addr.
  have l2 : 2%:R <= lead l (W t) by rewrite tE.
  have lk : l = k.
    by apply: (lead_one (w := W t)); [exact: lt_le_trans l2 | exact: lt_le_trans (le_trans K2 kK)].
  by apply: lead_le; [exact: lt_le_trans l2 | rewrite lk; exact: le_trans kK].
have l2 : 2%:R <= lead l (W T0) by have := kept 0%N; rewrite addn0.
have lp : 0 < lead l (W T0) := lt_le_trans two0 l2.
have sg j : (phi (c (W T0) j) != 0) = (phi (c w0 j) != 0).
  by apply: phi_sg; have [_ h] := run_trap kind a_orth eta0 al1 w0_in T0; exact: h.
have l0 : phi (c w0 l) != 0.
  rewrite -sg -normr_gt0; apply: lt_le_trans (lead_le lp l2); rewrite mulr_gt0 //; exact: lead_pos.
have [j jl j0] : exists2 j, j != l & phi (c w0 j) != 0.
  have := lead_pos lp; rewrite /rivals_sum; case: (boolP [exists j, (j != l) && (phi (c w0 j) !=
    0)]).
    by case/existsP => j /andP[jl j0] _; exists j.
  rewrite negb_exists => /forallP none; rewrite big1 ?ltxx // => j jl; have := none j.
  by rewrite jl /= -sg negbK => /eqP ->; rewrite normr0.
exists l; split=> //; apply: walk_limit => //.
exact: (drawn_again a_orth eta0 al1 w0_in l0 grows jl j0).
Qed.
End Lead.
