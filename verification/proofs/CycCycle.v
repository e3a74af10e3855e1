(** One cycle of cyclic SGD that starts with the strongest point l: afterwards the correlation of
    every other point, compared with that of l, is smaller by a factor below 1, and in between it
    was never larger than at the start. See the idea of the proof in CycStep. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD CycStep Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Ratios.
Variable R : realFieldType.
Implicit Types x y z : R.

Lemma prod_sum_le1 p y u : 0 <= p -> 0 <= y -> 0 <= u -> p * (1 + y) <= 1 -> u <= 1 ->
  p * (1 - u) * (1 + (y + u)) <= 1 :> R.
Proof.
move=> p0 y0 u0 h u1; cert ((1 - p * (1 + y)) + p * u * (y + u)).
Qed.

Lemma ratio_le (p q s t k : R) : 0 < s -> 0 < t -> p * t <= k * (q * s) -> p / s <= k * (q / t).
Proof.
move=> s0 t0 h; rewrite -subr_ge0.
have -> : k * (q / t) - p / s = (k * (q * s) - p * t) / s / t by field; rewrite !gt_eqF.
by rewrite !mulr_ge0 ?subr_ge0 ?invr_ge0 // ltW.
Qed.
End Ratios.

Section Cycle.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Variable eta : R.
Hypotheses (eta0 : 0 <= eta) (eta1 : eta <= 5%:R^-1).
Local Notation next := (next kind a eta).
Local Notation own := (own kind a).
Local Notation sh := (sh kind a eta).
Local Notation gn := (gn eta).
Local Notation inside := (inside eta).

Definition through (ks : seq 'I_m) w := foldl (fun v j => next j v) w ks.

(** The state w at the start of the cycle, l the strongest point. *)
Variables (w : 'rV[R]_n) (l : 'I_m) (theta : R).
Hypotheses (w_in : inside w) (top : forall j, own j w <= own l w)
  (theta0 : 0 <= theta) (theta1 : theta <= eta ^+ 3 * own l w ^+ 2 / 6%:R).
Local Notation X := (own l w).
Let w1 : N w <= 21%:R / 20%:R. Proof. exact: (inside_norm eta0 eta1 w_in). Qed.
Let sl0 : 0 < sh w l. Proof. by have [] := sh_gt0 kind a_orth eta0 eta1 l w1. Qed.
Let gw0 : 0 <= gn w.
Proof. by rewrite /CycStep.gn; cert (eta * ((21%:R / 20%:R - N w) + 19%:R / 20%:R)). Qed.
Definition lift : R := (sh w l + gn w) / sh w l.

Lemma lift_ge1 : 1 <= lift.
Proof.
rewrite -subr_ge0 /lift; have -> : (sh w l + gn w) / sh w l - 1 = gn w / sh w l.
  by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?invr_ge0 // ltW.
Qed.

Lemma step_factor j i v : inside v ->
  phi (c (next i v) j) = (if j == i then sh v i + gn v else sh v i) * phi (c v j).
Proof. by move=> iv; apply: phi_next => //; exact: (inside_norm eta0 eta1 iv). Qed.

(** In the middle of the cycle, when the turns of l and of the other points in ks are over: all
    correlations have been multiplied by a common P, that of l also by [lift], that of another
    point whose turn is over also by some r <= (1 - theta) [lift]. y is the sum of eta x over
    the turns so far: the norm has fallen by at most eta y X, and P <= 1/(1 + y). *)
Definition mid (ks : seq 'I_m) v := exists P y,
  [/\ inside v, 0 < P /\ P * (1 + y) <= 1, eta * X <= y /\ y <= eta * \sum_(k <- ks) own k w,
      N w - eta * y * X <= N v & phi (c v l) = P * lift * phi (c w l) /\
      forall j, j != l -> exists r, [/\ 0 < r, r <= lift, j \in ks -> r <= (1 - theta) * lift,
        j \notin ks -> r = 1 & phi (c v j) = P * r * phi (c w j)]].

Lemma mid_start : mid [:: l] (next l w).
Proof.
have e0 := own_ge0 kind a l w; exists (sh w l), (eta * X); split.
- exact: inside_next.
- split=> //; rewrite /CycStep.sh; by cert ((eta * X) ^+ 2).
- by rewrite big_seq1 !lexx.
- have -> : eta * (eta * X) * X = (eta * X) ^+ 2 by ring.
  exact: norm_next_ge.
split; first by rewrite step_factor // eqxx /lift; congr (_ * _); field; rewrite gt_eqF.
move=> j jl; exists 1; split=> //; first exact: lift_ge1.
  by rewrite inE (negbTE jl).
by rewrite step_factor // (negbTE jl) mulr1.
Qed.

Lemma sum_own ks : uniq ks -> \sum_(k <- ks) own k w <= N w.
Proof.
move=> uk; rewrite big_uniq //=; apply: le_trans (energy_le kind a_orth w).
rewrite /energy [X in _ <= X](bigID (mem ks)) /= -subr_ge0 addrC addKr.
by apply: sumr_ge0 => i _; exact: sqr_ge0.
Qed.

Lemma mid_next ks v i : uniq ks -> l \in ks -> i \notin ks -> mid ks v ->
  mid (rcons ks i) (next i v).
Proof.
move=> uk lk ik [P [y [iv [P0 Py] [y0 yk] Nv [vl vj]]]].
have il : i != l by apply: contraNneq ik => ->.
have [r [_ _ _ /(_ ik) r1 vi]] := vj i il; rewrite {r}r1 mulr1 in vi.
have [s0 sg0] := sh_gt0 kind a_orth eta0 eta1 i (inside_norm eta0 eta1 iv).
have e0 := own_ge0 kind a l w; have p0 := own_ge0 kind a i w; have pX := top i.
have y0' : 0 <= y by apply: le_trans y0; positive.
have P0' := ltW P0; have P1 : P <= 1 by apply: le_trans Py; cert (P * y).
have xE : own i v = P ^+ 2 * own i w by rewrite /CycStep.own vi exprMn.
have x0 := own_ge0 kind a i v.
have xp : own i v <= own i w by rewrite xE; cert ((1 - P) * (1 + P) * own i w).
have xX : own i v <= X := le_trans xp pX.
have XN := own_le kind a_orth l w.
have y1 : y <= 4%:R^-1.
  apply: le_trans yk _; have := sum_own uk; move: (\sum_(_ <- _) _) => S SN.
  by cert (eta * (N w - S) + eta * (21%:R / 20%:R - N w) + (5%:R^-1 - eta) * (21%:R / 20%:R) +
    4%:R / 100%:R).
have xy : own i v * (1 + y) ^+ 2 <= X.
  have -> : own i v * (1 + y) ^+ 2 = (P * (1 + y)) ^+ 2 * own i w by rewrite xE; ring.
  have z0 : 0 <= P * (1 + y) by positive.
  move: (P * (1 + y)) z0 Py => z z0 z1.
  by cert ((1 - z) * (1 + z) * own i w + (X - own i w)).
have key : (sh v i + gn v) / sh v i <= (1 - theta) * lift.
  apply: ratio_le => //.
  have B := boost eta0 eta1 e0 XN w1 y0 y1 x0 xy (le_trans xX XN) Nv.
  apply: le_trans B _; rewrite -/(sh v i) -/(sh w l) -/(gn w) -subr_ge0 -mulrBl mulr_ge0 //.
    by cert (eta ^+ 3 * own l w ^+ 2 / 6%:R - theta).
  by have sv0 := ltW s0; have sl0' := ltW sl0; have g0 := gw0; positive.
exists (P * sh v i), (y + eta * own i v); split.
- exact: inside_next.
- split; first by rewrite mulr_gt0.
  apply: prod_sum_le1 => //; first by positive.
  by rewrite -subr_ge0; exact: ltW s0.
- split; first by cert ((y - eta * X) + eta * own i v).
  rewrite -cats1 big_cat big_seq1 /=; move: (\sum_(_ <- _) _) yk => S yk.
  by cert ((eta * S - y) + eta * (own i w - own i v)).
- have h := norm_next_ge kind a_orth eta0 eta1 i iv; apply: le_trans h.
  by cert ((N v - (N w - eta * y * X)) + eta * eta * own i v * (X - own i v)).
split; first by rewrite step_factor // eq_sym (negbTE il) vl; ring.
move=> j jl; have [->|ji] := eqVneq j i.
  exists ((sh v i + gn v) / sh v i); split=> //.
  - by rewrite divr_gt0.
  - apply: le_trans key _; have := lift_ge1 => L; have L0 := le_trans ler01 L;
    by cert (theta * lift).
  - by rewrite mem_rcons inE eqxx.
  by rewrite step_factor // eqxx vi; field; rewrite gt_eqF.
have [r [r0 r1 r2 r3 vjE]] := vj j jl; exists r; split=> //.
- by rewrite mem_rcons inE (negbTE ji).
- by rewrite mem_rcons inE (negbTE ji).
by rewrite step_factor // (negbTE ji) vjE; ring.
Qed.

Lemma mid_through js : uniq (l :: js) -> mid (l :: js) (through (l :: js) w).
Proof.
elim/last_ind: js => [|js i IH] u; first exact: mid_start.
move: u; rewrite -rcons_cons rcons_uniq => /andP[ik uk].
rewrite /through foldl_rcons -/(through _ _); apply: mid_next => //; first by rewrite inE eqxx.
exact: IH.
Qed.

(** The ratios to l, before and after. *)
Lemma mid_ratio ks v rho : mid ks v -> 0 <= rho ->
  (forall j, j != l -> `|phi (c w j)| <= rho * `|phi (c w l)|) ->
  forall j, j != l -> `|phi (c v j)| <= (if j \in ks then (1 - theta) * rho else rho) * `|phi (c v
    l)|.
Proof.
case=> P [y [_ [P0 _] _ _ [vl vj]]] rho0 dom j jl; have P0' := ltW P0.
have [r [r0 r1 r2 r3 ->]] := vj j jl; have L := lift_ge1; have L0 := lt_le_trans ltr01 L.
rewrite vl; move: lift L L0 r1 r2 => F L L0 r1 r2.
rewrite !normrM !(gtr0_norm P0) (gtr0_norm r0) (gtr0_norm L0).
have h := dom j jl; have x0 := normr_ge0 (phi (c w l)); have z0 := normr_ge0 (phi (c w j)).
have r0' := ltW r0; move: `|phi (c w j)| `|phi (c w l)| h x0 z0 => z x h x0 z0.
case: ifP => jk.
  by have r2' := r2 jk; cert (P * r * (rho * x - z) + P * rho * x * ((1 - theta) * F - r)).
by cert (P * r * (rho * x - z) + P * rho * x * (F - r)).
Qed.
End Cycle.
