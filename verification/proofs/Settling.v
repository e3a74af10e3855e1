(** The explicit settling time and rate. [Climb] and [Geometric] give: but for a chance of 2^-h the
    functional is below q^k/2 at step T1 + k for all k. Where it is at most 1/2 one step does not
    change the strongest point (the others are at most a quarter of it, and a step changes ratios by
    less than a factor of 3), so the point that the weights are close to is the same from T1 on. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Reach Converge Noise Geometric Sharper Climb Counts Wake.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Settling.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).
Local Notation d := (drift_rate m b eta).
Local Notation rate := (settle_rate m b eta).
Local Notation chance_up := (capture_chance m b eta).
Variable i0 : 'I_m.
Local Notation leader := (leader kind a i0).
Local Notation distance := (distance b kind a eta i0).
Variable w0 : 'rV[R]_n.
Hypotheses (w0_in : N w0 <= 21%:R / 20%:R) (w0_active : exists i, phi (c w0 i) != 0).
Local Notation reached := (reached kind a w0).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let al_gt0 : 0 < al. Proof. exact: al_pos. Qed.
Let al_ge0 : 0 <= al. Proof. exact: ltW al_gt0. Qed.
Let batch0 : (0 < #|{: batch}|)%N. Proof. exact: some_batches. Qed.
Let half : 0 < 1 / 2%:R :> R. Proof. by rewrite divr_gt0 ?ltr01 ?ltr0n. Qed.
Let d0 : 0 < d. Proof. exact: drift_gt0. Qed.
Let d1 : d <= 1 / 100%:R. Proof. exact: drift_le. Qed.
Let next := @reached_next R m n b kind a a_orth eta eta0 al1 w0 w0_active.

Lemma rate_bounds : 0 < rate /\ rate <= 1 / 100%:R.
Proof.
have h := drift_le eta0 al1 b0 bm; have h0 := d0; split.
  by rewrite /settle_rate mulr_gt0 // divr_gt0 // ltr0n.
rewrite /settle_rate; move: d h h0 => k h /ltW h0.
by cert ((1 / 100%:R - k) + k / 20%:R).
Qed.

(** ** The strongest point stays *)
Lemma quarter l j w : lead l w -> j != l -> spread l w <= 1 / 2%:R ->
  `|phi (c w j)| <= `|phi (c w l)| / 4%:R.
Proof.
move=> lw jl sm; have l0 : 0 < `|phi (c w l)| by rewrite normr_gt0.
have r1 : root l j w <= 1 / 2%:R.
  apply: le_trans sm; rewrite /Assemble.spread (bigD1 j) //= -subr_ge0 addrC addKr.
  by apply: sumr_ge0 => i _; exact: root_ge0.
have r0 := root_ge0 kind a l j w.
have : root l j w ^+ 2 = `|phi (c w j)| / `|phi (c w l)|.
  by rewrite sqr_sqrtr // mulr_ge0 ?invr_ge0 ?normr_ge0.
move: (root l j w) `|phi (c w j)| `|phi (c w l)| l0 r0 r1 => r x y y0 r0 r1 rE.
have -> : x = r ^+ 2 * y by rewrite rE divfK // gt_eqF.
have y0' := ltW y0; have r1' : 0 <= 1 / 2%:R - r by rewrite subr_ge0.
by cert (y * (1 / 2%:R - r) * (1 / 2%:R + r)).
Qed.

Lemma same_leader (o : batch) v : reached v -> distance v <= 1 / 2%:R ->
  leader (sgd o v) = leader v.
Proof.
move=> rv small; have [N1 _ _] := rv; have [C1 lv _ sm] := functional_small a_orth d0 small.
apply/eqP/negPn/negP => ne; have q4 := quarter lv ne sm.
have := leaderP kind a i0 (sgd o v) (leader v).
have [s0 sg0] := factors kind a_orth eta_ge0 al1 N1 o.
have SN := batch_energy_le kind a_orth (val o) v; have S0 := batch_energy_ge0 kind a (val o) v.
have [h1 h2] : 1 / 2%:R <= shrink kind a eta (val o) v /\ shrink kind a eta (val o) v <= 1.
  split; last by have [] := shrink_ge0_le1 kind a_orth eta0 al1 b0 o N1.
  rewrite /shrink (card_batch o); move: (batch_energy _ _ _ _) (eta / b%:R) SN S0 al_ge0 al1.
  move=> S A SN S0 h h1.
  by cert (A * (N v - S) + A * (21%:R / 20%:R - N v) + (5%:R^-1 - A) * (21%:R / 20%:R)
    + 29%:R / 100%:R).
have [g0 g1] : 0 <= gain eta (val o) v /\ gain eta (val o) v <= 2%:R / 5%:R.
  have N0 := sqnorm_ge0 v; rewrite /gain (card_batch o); move: (eta / b%:R) al_ge0 al1 => A h h3.
  have h3' : 0 <= 5%:R^-1 - A by rewrite subr_ge0.
  have N2 : 0 <= 2%:R - N v by cert ((21%:R / 20%:R - N v) + 19%:R / 20%:R).
  by split; [positive | cert (2%:R * (5%:R^-1 - A) + A * N v)].
have fl : 1 / 2%:R <= factor kind a eta v o (leader v).
  by rewrite /factor; case: ifP => _ //; cert ((shrink kind a eta (val o) v - 1 / 2%:R)
    + gain eta (val o) v).
have fj j : factor kind a eta v o j <= 7%:R / 5%:R.
  rewrite /factor; case: ifP => _.
    by cert ((1 - shrink kind a eta (val o) v) + (2%:R / 5%:R - gain eta (val o) v)).
  by cert ((1 - shrink kind a eta (val o) v) + 2%:R / 5%:R).
have fj0 j : 0 < factor kind a eta v o j by exact: factor_gt0.
rewrite !(sgd_phi kind a_orth eta0 al1 o N1) !normrM !(gtr0_norm (fj0 _)).
have l0 : 0 < `|phi (c v (leader v))| by rewrite normr_gt0.
have x0 := normr_ge0 (phi (c v (leader (sgd o v)))).
move: (fj (leader (sgd o v))) (fj0 (leader (sgd o v))) q4 l0 x0.
move: (factor _ _ _ _ _ (leader (sgd o v))) (factor _ _ _ _ _ _) fl => f' f fl f'1 f'0 q4 l0 x0.
move: `|_| `|_| q4 l0 x0 => y x q4 y0 x0; rewrite leNgt => /negP; apply.
have f'0' := ltW f'0; have y0' := ltW y0.
rewrite -subr_gt0; apply: (@lt_le_trans _ _ (3%:R / 20%:R * y));
  first by rewrite mulr_gt0 // divr_gt0 ?ltr0n.
by cert ((f - 1 / 2%:R) * y + f' * (y / 4%:R - x) + (7%:R / 5%:R - f') * y / 4%:R).
Qed.

(** ** The states of a run *)
Lemma nth_states v r t : (t < size r)%N ->
  exists o, nth 0 (states sgd v r) t.+1 = sgd o (nth 0 (states sgd v r) t).
Proof.
elim: r v t => [|o r IH] v [|t] //= tr; first by exists o.
exact: IH.
Qed.

Lemma nth_reached v r t : reached v -> (t <= size r)%N -> reached (nth 0 (states sgd v r) t).
Proof.
by elim: r v t => [|o r IH] v [|t] //= rv tr; apply: IH => //; exact: next.
Qed.

Lemma leader_stays v r T0 k : reached v -> (T0 + k <= size r)%N ->
  (forall t, (T0 <= t)%N -> (t <= size r)%N -> distance (nth 0 (states sgd v r) t) <= 1 / 2%:R) ->
  leader (nth 0 (states sgd v r) (T0 + k)) = leader (nth 0 (states sgd v r) T0).
Proof.
move=> rv kr small; elim: k kr => [|k IH]; first by rewrite addn0.
rewrite addnS => kr; have [o ->] := nth_states v kr; have kr' := ltnW kr.
rewrite same_leader ?IH //; first exact: nth_reached.
by apply: small => //; exact: leq_addr.
Qed.

(** ** The explicit capture time *)
Variables (M A : nat).
Hypotheses (A_rate : 1 <= A%:R * rate) (M_gt0 : (0 < M)%N) (A_chance : M%:R <= A%:R * chance_up M).
Let s : R := 1 - A%:R^-1.

Lemma A_gt0 : 0 < A%:R :> R.
Proof.
rewrite ltr0n lt0n; apply/negP => /eqP AE; move: A_rate; rewrite AE mul0r leNgt ltr01.
by [].
Qed.

Lemma s_bounds : [/\ 0 < s, s <= 1 & 1 - rate <= s].
Proof.
have A0 := A_gt0; have [r0 r1] := rate_bounds; have i0' : 0 <= A%:R^-1 :> R by rewrite invr_ge0 ltW.
have qs : 1 - rate <= s.
  rewrite /s -subr_ge0; have -> : 1 - A%:R^-1 - (1 - rate) = (A%:R * rate - 1) / A%:R.
    by field; rewrite gt_eqF.
  by rewrite mulr_ge0 // subr_ge0.
split=> //; last by rewrite /s -subr_ge0 opprB addrC subrK.
apply: lt_le_trans qs; apply: (@lt_le_trans _ _ (99%:R / 100%:R)); first by rewrite divr_gt0 ?ltr0n.
by cert (1 / 100%:R - rate).
Qed.

Lemma spread_le l v : lead l v -> (forall j, `|phi (c v j)| <= `|phi (c v l)|) ->
  spread l v <= m%:R - 1.
Proof.
move=> lv top; apply: (@le_trans _ _ (\sum_(j | j != l) (1 : R))).
  by apply: ler_sum => j _; exact: root_le1.
rewrite sumr_const (_ : #|_| = m.-1); last by rewrite -[in RHS](card_ord m) -(cardC1 l);
  apply: eq_card.
by rewrite -subn1 natrB ?lexx // ltnW // (m_big b0 bm).
Qed.

Definition awake w := reached w /\ 9%:R / 10%:R <= C w.

Lemma awake_next (o : batch) w : awake w -> awake (sgd o w).
Proof.
case=> rw Cw; split; first exact: next.
by have [N1 _ _] := rw; exact: (sgd_level a_orth eta0 al1 o N1 (lexx _) Cw).
Qed.

Lemma high v : awake v ->
  mean_after sgd M (U distance (1 / 2%:R)) v <= s ^+ M * (1 / 2%:R) \/ distance v <= 1 / 2%:R.
Proof.
case=> [[N1 _ _] Cv]; left; have nine : 0 < 9%:R / 10%:R :> R by rewrite divr_gt0 ?ltr0n.
have lv : lead (leader v) v by apply: leader_lead; exact: lt_le_trans nine Cv.
have sp := spread_le lv (leaderP kind a i0 v).
apply: le_trans (climb_chance (i0 := i0) a_orth eta0 al1 b0 bm M N1 Cv sp) _.
have [s0 s1 _] := s_bounds; have := bernoulli_up M (ltW s0) s1.
have -> : 1 - s = A%:R^-1 by rewrite /s opprB addrC subrK.
have MA : M%:R / A%:R <= chance_up M.
  rewrite -subr_ge0; have -> : chance_up M - M%:R / A%:R = (A%:R * chance_up M - M%:R) / A%:R.
    by field; rewrite gt_eqF // A_gt0.
  by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW // A_gt0.
move: (s ^+ M) (M%:R / A%:R) (chance_up M) MA => S x y MA b1.
by cert ((S - (1 - x)) / 2%:R + (y - x) / 2%:R).
Qed.

(** But for a chance of 2^-h the functional stays below the curve, from every state with C >=
    9/10; *)
Lemma below_awake h T w : awake w -> chance R (M + A * h + T)
  (crosses_after sgd distance (1 - rate) (M + A * h) (1 / 2%:R) w) <= 2%:R^-1 ^+ h.
Proof.
move=> aw; have [s0 s1 qs] := s_bounds; have [r0 r1] := rate_bounds.
apply: (@le_trans _ _ (s ^+ (A * h))).
  apply: (captured_for_good batch0 awake_next _ half _ _ _ (A * h) T s0 s1 qs M_gt0 high) => //.
  - by move=> v _; exact: distance_ge0.
  - apply: (@lt_le_trans _ _ (99%:R / 100%:R)); first by rewrite divr_gt0 ?ltr0n.
    by cert (1 / 100%:R - rate).
  - exact: settle_lt1.
  by move=> v [[N1 _ _] _]; exact: distance_contracts.
apply: halved_often => //; first exact: ltW.
by rewrite /s opprB addrC subrK mulfV ?lexx // gt_eqF // A_gt0.
Qed.

(** and from the start, with the chance that C is still below 9/10. *)
Lemma below W h T : chance R (W + (M + A * h) + T)
  (crosses_after sgd distance (1 - rate) (W + (M + A * h)) (1 / 2%:R) w0) <=
  2%:R^-1 ^+ h + 18%:R * (wake_factor m b eta ^+ W * asleep kind a w0).
Proof.
have x0 : 0 <= 2%:R^-1 ^+ h :> R by rewrite exprn_ge0 // invr_ge0 ler0n.
have iN v : reached v -> N v <= 21%:R / 20%:R /\ 0 < C v.
  case=> N1 C1 _; have [low0 _ _] := low_bounds w0_active; split=> //; exact: lt_le_trans low0 C1.
rewrite -addnA; apply: (asleep_then a_orth eta0 al1 b0 bm next iN W x0 _ (reached0 w0_in
  w0_active)).
by move=> v rv Cv; exact: below_awake.
Qed.

(** There the weights are close to one point. *)
Lemma near_one_point T0 r : ~~ crosses_after sgd distance (1 - rate) T0 (1 / 2%:R) w0 r ->
  (T0 <= size r)%N -> exists2 i, active kind a w0 i & forall t, (T0 <= t)%N -> (t <= size r)%N ->
  N (nth 0 (states sgd w0 r) t - Num.sg (c w0 i) *: a i) <= (1 - rate) ^+ (t - T0) / (2%:R * d).
Proof.
move=> no T0r; have rw := reached0 w0_in w0_active; have [r0 r1] := rate_bounds; have k0 := d0.
have q0 : 0 <= 1 - rate by cert ((1 / 100%:R - rate) + 99%:R / 100%:R).
have q1 : 1 - rate <= 1 by rewrite -subr_ge0 opprB addrC subrK ltW.
have curve t : (T0 <= t)%N -> (t <= size r)%N ->
    distance (nth 0 (states sgd w0 r) t) <= 1 / 2%:R * (1 - rate) ^+ (t - T0).
  by move=> h1 h2; apply: ltW; exact: below_curve_after.
have small t : (T0 <= t)%N -> (t <= size r)%N -> distance (nth 0 (states sgd w0 r) t) <= 1 / 2%:R.
  move=> h1 h2; apply: le_trans (curve t h1 h2) _; have := pow_le1 (t - T0) q0 q1.
  by move: (_ ^+ _) => x x1; cert ((1 - x) / 2%:R).
exists (leader (nth 0 (states sgd w0 r) T0)).
  by have [] := functional_near a_orth d0 d1 (nth_reached rw T0r) (small T0 (leqnn _) T0r).
move=> t h1 h2; rewrite -(leader_stays (k := t - T0) rw _ small) ?subnKC //.
have [_ near] := functional_near a_orth d0 d1 (nth_reached rw h2) (small t h1 h2).
apply: (@le_trans _ _ (distance (nth 0 (states sgd w0 r) t) / d)); first exact: near.
have := curve t h1 h2; move: (distance _) ((1 - rate) ^+ _) => x y xy.
rewrite -subr_ge0; have -> : y / (2%:R * d) - x / d = (1 / 2%:R * y - x) / d by field;
  rewrite gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
Qed.
End Settling.
