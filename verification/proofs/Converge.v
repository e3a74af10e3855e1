(** Mini-batch SGD without replacement ends at one data point, almost surely. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending Assemble Reach.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Signs.
Variables (R : realFieldType) (kind : activation).
Local Notation phi := (@phi R kind).

Lemma phi_sg t u : Num.sg t = Num.sg u -> (phi t != 0) = (phi u != 0).
Proof.
have z : forall x, (phi x != 0) = (if kind is Relu then 0 < x else x != 0).
  move=> x; rewrite /Definitions.phi; case: kind => //.
  case: (lerP 0 x) => x0; first by rewrite lt_def x0 andbT.
  by rewrite eqxx ltNge (ltW x0).
move=> tu; rewrite !z; case: kind; first by rewrite -sgr_eq0 tu sgr_eq0.
by rewrite -sgr_gt0 tu sgr_gt0.
Qed.

Lemma phi_active t : phi t != 0 -> phi t = t.
Proof. by rewrite /Definitions.phi; case: kind => //; case: ifP => // _; rewrite eqxx. Qed.
End Signs.

(** ** The functional: the spread of a leader, and k times what is missed *)
Section Functional.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Local Notation others := (others kind a).

(** Small spread and miss mean close to the point of the leader. *)
Lemma close_point l w : N w <= 21%:R / 20%:R -> lead l w -> spread l w <= 1 / 2%:R ->
  N (w - Num.sg (c w l) *: a l) <= miss w + spread l w.
Proof.
move=> N1 lw sm; have pE : phi (c w l) = c w l by exact: phi_active.
have s2 : Num.sg (c w l) ^+ 2 = 1.
  rewrite sqr_sg; case: eqP lw => // z; rewrite /Assemble.lead z /Definitions.phi.
  by case: kind; rewrite ?lexx eqxx.
have fE' : Num.sg (c w l) * c w l = `|phi (c w l)| by rewrite pE normrEsg.
have NE : N (w - Num.sg (c w l) *: a l) = rest w + others l w + (1 - `|phi (c w l)|) ^+ 2.
  rewrite sqnormB sqnormZ dotZr -/(corr a w l) fE' s2 /sqnorm a_orth eqxx -/(sqnorm w) /Definitions.rest
    (energy_others kind a l w) -(real_normK (num_real (phi (c w l)))).
  by move: (N w) (others l w) `|phi (c w l)| => x y z; rewrite /=; ring.
have E1 := others_le a_orth N1 lw sm; have E0 := others_ge0 kind a l w.
have close : (1 - `|phi (c w l)|) ^+ 2 <= `|1 - C w| + others l w.
  have [x1 x2] := norm_self (1 - C w).
  have CE : C w = `|phi (c w l)| ^+ 2 + others l w.
    by rewrite (real_normK (num_real _)) -energy_others.
  move: `|1 - C w| x1 x2 => x; rewrite CE; have := normr_ge0 (phi (c w l)).
  move: `|phi (c w l)| => f f0 x1 x2; case: (lerP f 1) => f1.
    have f1' : 0 <= 1 - f by rewrite subr_ge0.
    by cert ((x - (1 - (f ^+ 2 + others l w))) + 2%:R * f * (1 - f)).
  have f1' : 0 <= f - 1 by rewrite subr_ge0 ltW.
  by cert ((x + (1 - (f ^+ 2 + others l w))) + 2%:R * others l w + 2%:R * (f - 1)).
rewrite NE /Ending.miss.
have r0 := rest_ge0 kind a_orth w; have y0 := spread_ge0 kind a l w.
cert ((`|1 - C w| + others l w - (1 - `|phi (c w l)|) ^+ 2)
  + 2%:R * (21%:R / 160%:R * spread l w - others l w) + 59%:R / 80%:R * spread l w + 3%:R * rest w).
Qed.

Lemma miss_le1 w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> miss w <= 1.
Proof.
move=> N1 Cv; have C2 : C w <= 21%:R / 20%:R := le_trans (energy_le kind a_orth w) N1.
have x1 : `|1 - C w| <= 1 / 10%:R.
  apply: norm_bounds; first by cert (C w - 9%:R / 10%:R).
  by cert ((21%:R / 20%:R - C w) + 1 / 20%:R).
rewrite /Ending.miss /Definitions.rest; move: `|1 - C w| x1 => x x1.
by cert (4%:R * (21%:R / 20%:R - N w) + 4%:R * (C w - 9%:R / 10%:R) + (1 / 10%:R - x)
  + 3%:R / 10%:R).
Qed.

Variable i0 : 'I_m.
Definition leader w : 'I_m := [arg max_(i > i0) `|phi (c w i)|]%O.

Lemma leaderP w j : `|phi (c w j)| <= `|phi (c w (leader w))|.
Proof. by rewrite /leader; case: Order.TotalTheory.arg_maxP => // l _; apply. Qed.

Lemma leader_lead w : 0 < C w -> lead (leader w) w.
Proof.
move=> C0; apply/negP => /eqP z; move: C0; rewrite /energy big1 ?ltxx // => j _.
have := leaderP w j; rewrite z normr0 normr_le0 => /eqP ->; by rewrite expr0n.
Qed.

Variable k : R.
Hypotheses (k0 : 0 < k) (k1 : k <= 1 / 100%:R).
Definition weighed l w : R := spread l w + k * miss w.
Definition functional w : R := if 9%:R / 10%:R <= C w then weighed (leader w) w else 1.

Lemma weighed_ge0 l w : 0 <= weighed l w.
Proof.
have := spread_ge0 kind a l w; have := miss_ge0 kind a_orth w; have := ltW k0 => h1 h2 h3.
by rewrite /weighed; positive.
Qed.

Lemma functional_ge0 w : 0 <= functional w.
Proof. by rewrite /functional; case: ifP => _; [exact: weighed_ge0 | exact: ler01]. Qed.

Let nine : 0 < 9%:R / 10%:R :> R. Proof. by rewrite divr_gt0 ?ltr0n. Qed.

Lemma functional_small w : functional w <= 1 / 2%:R ->
  [/\ 9%:R / 10%:R <= C w, lead (leader w) w, functional w = weighed (leader w) w &
      spread (leader w) w <= 1 / 2%:R].
Proof.
rewrite /functional; case: ifP => [C1 small|_ big].
  split=> //; first by apply: leader_lead; exact: lt_le_trans nine C1.
  apply: le_trans small; rewrite /weighed.
  by have h := ltW k0; have z := miss_ge0 kind a_orth w; cert (k * miss w).
exfalso; move: big; rewrite leNgt => /negP; apply.
rewrite -subr_gt0; have -> : 1 - 1 / 2%:R = 1 / 2%:R :> R by field.
by rewrite divr_gt0 ?ltr0n // ltr01.
Qed.

Lemma weighed_quarter l w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> spread l w <= 1 / 10%:R ->
  weighed l w <= 1 / 2%:R / 2%:R.
Proof.
move=> N1 C1 S1; have h := ltW k0; have Z1 := miss_le1 N1 C1; rewrite /weighed.
by cert ((1 / 10%:R - spread l w) + k * (1 - miss w) + (1 / 100%:R - k) + 14%:R / 100%:R).
Qed.

(** It is at most what any active leader gives. *)
Lemma functional_le w l : 9%:R / 10%:R <= C w -> lead l w -> functional w <= weighed l w.
Proof.
move=> C1 lw; rewrite /functional C1 /weighed -subr_ge0 opprD addrACA subrr addr0 subr_ge0.
apply: spread_leader => //; exact: leaderP.
Qed.

(** ** A run from w0 *)
Variable w0 : 'rV[R]_n.
Hypotheses (w0_in : N w0 <= 21%:R / 20%:R) (w0_active : exists i, phi (c w0 i) != 0).

Definition low : R := if C w0 <= 9%:R / 10%:R then C w0 else 9%:R / 10%:R.
Definition reached w := [/\ N w <= 21%:R / 20%:R, low <= C w & forall j, Num.sg (c w j) = Num.sg (c w0 j)].

Lemma C0_gt0 : 0 < C w0.
Proof.
have [i ai] := w0_active; rewrite (energy_others kind a i).
have p2 : 0 < phi (c w0 i) ^+ 2 by rewrite lt_def sqr_ge0 expf_eq0 /= ai.
by apply: (lt_le_trans p2); have h := others_ge0 kind a i w0; cert (others i w0).
Qed.

Lemma low_bounds : [/\ 0 < low, low <= 9%:R / 10%:R & low <= C w0].
Proof.
have h := C0_gt0; rewrite /low; case: (lerP (C w0) (9%:R / 10%:R)) => [s|/ltW s].
  by split=> //; exact: lexx.
by split=> //; exact: lexx.
Qed.

Lemma reached0 : reached w0.
Proof. by have [_ _ h] := low_bounds; split. Qed.

(** ** Small means close to one data point *)
Definition target i : 'rV[R]_n := Num.sg (c w0 i) *: a i.
Definition near e i v := N (v - target i) <= e.
Definition active i := phi (c w0 i) != 0.

Lemma reached_lead l w : reached w -> lead l w = active l.
Proof. by case=> _ _ sg; exact: phi_sg. Qed.

Lemma sg_sqr l : active l -> Num.sg (c w0 l) ^+ 2 = 1.
Proof.
move=> al_; rewrite sqr_sg; case: eqP al_ => // z; rewrite /active z /Definitions.phi.
by case: kind; rewrite ?lexx eqxx.
Qed.

Lemma functional_near w : reached w -> functional w <= 1 / 2%:R ->
  active (leader w) /\ near (functional w / k) (leader w) w.
Proof.
move=> rw; have [N1 _ sg] := rw => small; have [C1 lw fE sm] := functional_small small.
have ac : active (leader w) by rewrite -(reached_lead _ rw).
split=> //; rewrite /near /target -sg; apply: le_trans (close_point N1 lw sm) _.
rewrite fE /weighed; set l := leader w.
have y0 := spread_ge0 kind a l w; have h2 := ltW k0.
have -> : (spread l w + k * miss w) / k = spread l w / k + miss w.
  by field; rewrite gt_eqF.
rewrite -subr_ge0; have -> : spread l w / k + miss w - (miss w + spread l w) =
   spread l w * (1 - k) / k by field; rewrite gt_eqF.
have k2 : 0 <= 1 - k by cert ((1 / 100%:R - k) + 99%:R / 100%:R).
have ki : 0 <= k^-1 by rewrite invr_ge0.
by positive.
Qed.

Lemma functional_near_le e w : reached w -> functional w <= 1 / 2%:R -> functional w <= e * k ->
  active (leader w) /\ near e (leader w) w.
Proof.
move=> rw small le_e; have [aw nw] := functional_near rw small; split=> //; apply: le_trans nw _.
rewrite -subr_ge0; have -> : e - functional w / k = (e * k - functional w) / k.
  by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?invr_ge0 ?(ltW k0) // subr_ge0.
Qed.

(** ** Steps that keep at least half of every active projection *)
Variables (Om : finType) (next : Om -> 'rV[R]_n -> 'rV[R]_n).
Hypotheses (reached_next : forall o w, reached w -> reached (next o w))
  (halves : forall o v i, reached v -> active i ->
    exists2 f, 1 / 2%:R <= f & c (next o v) i = f * c v i).

(** One step does not lead from one data point to another. *)
Lemma same_point (o : Om) i j v : reached v -> active i ->
  near (1 / 16%:R) i v -> near (1 / 16%:R) j (next o v) -> i = j.
Proof.
move=> rv ai ni nj; apply/eqP/negPn/negP => ij.
have pick_le u : c u i ^+ 2 <= N u.
  apply: le_trans (bessel a_orth u); rewrite (bigD1 i) //= -subr_ge0 addrC addKr.
  by apply: sumr_ge0 => r _; exact: sqr_ge0.
have h1 : (c v i - Num.sg (c w0 i)) ^+ 2 <= 1 / 16%:R.
  apply: le_trans ni; apply: le_trans (pick_le _); rewrite /corr dotBl dotZl a_orth eqxx mulr1.
  exact: lexx.
have h2 : c (next o v) i ^+ 2 <= 1 / 16%:R.
  move: (next o v) nj => u nj; apply: le_trans nj; apply: le_trans (pick_le _).
  by rewrite /corr dotBl dotZl a_orth eq_sym (negbTE ij) mulr0 subr0 lexx.
have [f h4 h3] := halves o rv ai.
have s2 := sg_sqr ai; move: h2; rewrite h3 leNgt => /negP; apply.
move: (c v i) (Num.sg (c w0 i)) h1 s2 => x s h1 s2.
rewrite -subr_gt0; have f0 : 0 <= f - 1 / 2%:R by rewrite subr_ge0.
apply: (@lt_le_trans _ _ (3%:R / 64%:R)); first by rewrite divr_gt0 ?ltr0n.
have x2 : 0 <= 2%:R * x ^+ 2 - 7%:R / 8%:R.
  have -> : 2%:R * x ^+ 2 - 7%:R / 8%:R = 2%:R * (1 / 16%:R - (x - s) ^+ 2) + (2%:R * x - s) ^+ 2
    + (s ^+ 2 - 1) by field.
  by rewrite s2 subrr addr0; positive.
cert ((f - 1 / 2%:R) * ((f - 1 / 2%:R) + 1) * x ^+ 2 + (2%:R * x ^+ 2 - 7%:R / 8%:R) / 8%:R).
Qed.

Definition near_some e v := [exists i, active i && near e i v].
Definition stays e (run_ : seq 'rV[R]_n) := [exists i, active i && all (near e i) run_].

Lemma one_point e s v : e <= 1 / 16%:R -> reached v -> all (near_some e) (states next v s) ->
  stays e (states next v s).
Proof.
move=> e1; elim: s v => [|o s IH] v rv /=.
  by rewrite andbT => /existsP[i /andP[ai ni]]; apply/existsP; exists i; rewrite ai /= ni.
case/andP => /existsP[i /andP[ai ni]] later.
have /existsP[j /andP[aj nj]] := IH _ (reached_next o rv) later.
have loose r u : near e r u -> near (1 / 16%:R) r u by move=> h; exact: le_trans h e1.
have ij : i = j.
  apply: (same_point (o := o) rv ai (loose _ _ ni)); apply: loose; by move: nj; rewrite /states /= => /andP[].
apply/existsP; exists j; rewrite aj /= -[X in near e X v]ij ni; exact: nj.
Qed.

Lemma settled e T0 s v : e <= 1 / 16%:R -> reached v ->
  all (near_some e) (drop T0 (states next v s)) -> stays e (drop T0 (states next v s)).
Proof.
move=> e1; elim: T0 s v => [|T0 IH] s v rv; first by rewrite !drop0; exact: one_point.
case: s => [|o s] /=; last exact: IH (reached_next o rv).
by move=> _; have [i ai] := w0_active; apply/existsP; exists i; rewrite /active ai.
Qed.

Lemma near_when e' e s T0 v : reached v ->
  (forall u, reached u -> ~~ (e' <= functional u) -> near_some e u) ->
  ~~ late next T0 (fun u => e' <= functional u) v s -> all (near_some e) (drop T0 (states next v s)).
Proof.
rewrite /late => rv close; elim: s T0 v rv => [|o s IH] [|T0] v rv //=.
- by rewrite orbF andbT; exact: close.
- rewrite negb_or => /andP[h1 h2]; rewrite close //=.
  by have := IH 0%N _ (reached_next o rv); rewrite /states !drop0; exact.
exact: IH (reached_next o rv).
Qed.

Theorem stays_if_vanishes e p : vanishes_almost_surely next functional w0 -> 0 < e -> 0 < p ->
  exists T0, forall T, chance R (T0 + T) (fun s : seq Om => ~~ stays e (drop T0 (states next w0 s))) <= p.
Proof.
move=> vanishes e0 p0; have sixteenth : 0 < 1 / 16%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have half : 0 < 1 / 2%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have [e1 [e10 e1e e1s]] : exists e1 : R, [/\ 0 < e1, e1 <= e & e1 <= 1 / 16%:R].
  case: (lerP e (1 / 16%:R)) => [|/ltW] h; first by exists e; split=> //; exact: lexx.
  by exists (1 / 16%:R); split=> //; exact: lexx.
have ke : 0 < e1 * k by rewrite mulr_gt0.
have [e' [e'0 e'k e'h]] : exists e' : R, [/\ 0 < e', e' <= e1 * k & e' <= 1 / 2%:R].
  case: (lerP (e1 * k) (1 / 2%:R)) => [|/ltW] h; first by exists (e1 * k); split=> //; exact: lexx.
  by exists (1 / 2%:R); split=> //; exact: lexx.
have [T0 small] := vanishes _ _ e'0 p0; exists T0 => T.
apply: le_trans (small T); apply: ler_chance => s; apply: contraR => notlate.
have close u : reached u -> ~~ (e' <= functional u) -> near_some e1 u.
  move=> ru; rewrite -ltNge => /ltW fu; apply/existsP; exists (leader u); apply/andP.
  by apply: functional_near_le => //; [exact: le_trans fu e'h | exact: le_trans fu e'k].
have /existsP[i /andP[ai ni]] := settled e1s reached0 (near_when reached0 close notlate).
apply/existsP; exists i; rewrite ai /=; apply: sub_all ni => u; rewrite /near => h; exact: le_trans h e1e.
Qed.
End Functional.

Section Converge.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Local Notation others := (others kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).
Local Notation total := (total b kind a eta).
Local Notation little := (little m b eta).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let al_ge0 : 0 <= al. Proof. by apply: ltW; exact: al_pos. Qed.
Let k0 : 0 < little. Proof. exact: little_gt0. Qed.
Let k1 : little <= 1 / 100%:R. Proof. exact: little_le. Qed.

Variable i0 : 'I_m.
Local Notation leader := (leader kind a i0).
Definition far : 'rV[R]_n -> R := functional kind a i0 little.

Lemma far_ge0 w : 0 <= far w. Proof. exact: functional_ge0. Qed.

Theorem far_contracts w : N w <= 21%:R / 20%:R -> far w <= 1 / 2%:R ->
  mean (fun o : batch => far (sgd o w)) <= q m b eta * far w.
Proof.
move=> N1 small; have [C1 lw fE sm] := functional_small a_orth k0 small; rewrite [X in _ * X]fE.
apply: le_trans (total_drift a_orth eta0 al1 b0 bm N1 C1 lw sm).
apply: ler_mean => [|o]; first exact: some_batches.
apply: functional_le; first by apply: sgd_level => //; exact: lexx.
exact: sgd_lead.
Qed.

(** ** A run from w0 *)
Variable w0 : 'rV[R]_n.
Hypotheses (w0_in : N w0 <= 21%:R / 20%:R) (w0_active : exists i, phi (c w0 i) != 0).
Local Notation low := (low kind a w0).
Local Notation reached := (reached kind a w0).
Local Notation active := (active kind a w0).

Lemma reached_next (o : batch) w : reached w -> reached (sgd o w).
Proof.
case=> N1 C1 sg; have [_ low1 _] := low_bounds w0_active.
have [N2 sg2] := sgd_trap kind a_orth eta0 al1 o N1.
by split=> // [|j]; [apply: sgd_level | rewrite sg2].
Qed.

Lemma root_le1 l j w : lead l w -> `|phi (c w j)| <= `|phi (c w l)| -> root l j w <= 1.
Proof.
move=> lw jl; have l0 : 0 < `|phi (c w l)| by rewrite normr_gt0.
rewrite -sqrtr1 /FarOut.root ler_wsqrtr //.
by rewrite -(divff (lt0r_neq0 l0)) -subr_ge0 -mulrBl mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
Qed.

(** The list of all points, K times over. *)
Definition round K : seq 'I_m := flatten (nseq K (enum 'I_m)).

Lemma count_round K j : count_mem j (round K) = K.
Proof.
rewrite /round count_flatten map_nseq sumn_nseq count_uniq_mem ?enum_uniq // mem_enum.
by rewrite mul1n.
Qed.

Lemma size_round K : size (round K) = (K * m)%N.
Proof. by rewrite /round size_flatten /shape map_nseq sumn_nseq size_enum_ord mulnC. Qed.

Lemma m_gt0 : (0 < m)%N. Proof. exact: leq_trans b0 (ltnW bm). Qed.

Lemma gained_gt0 : 0 < gained m b eta low.
Proof.
have [l0 _ _] := low_bounds w0_active; have h := al_pos eta0 b0.
by rewrite /gained divr_gt0 ?ltr0n // mulr_gt0 // divr_gt0 // ltr0n m_gt0.
Qed.

Lemma batch_choice l : exists f : 'I_m -> batch, forall j,
  l \in val (f j) /\ (l != j -> j \notin val (f j)).
Proof.
have ex j : exists o : batch, l \in val o /\ (l != j -> j \notin val o).
  case: (eqVneq l j) => [_|lj]; first by have [o lo] := has_batch b0 bm l; exists o.
  by have [o /andP[lo jo]] := some_batch b0 lj bm; exists o.
exact: (fin_all_exists ex).
Qed.

Hypothesis arch : archimedean R.

Theorem far_reached : exists2 M, (0 < M)%N & forall w, reached w ->
  exists2 s : seq batch, size s = M & far (run sgd w s) <= 1 / 2%:R / 2%:R.
Proof.
have [low0 low1 low2] := low_bounds w0_active; have g0 := gained_gt0.
have [t0 t1] := theta_bounds eta0 b0.
have m_ge0 : 0 <= m%:R :> R by rewrite ler0n.
have tenth : 0 < 1 / 10%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have [T small] := geometric_small arch t0 t1 m_ge0 tenth.
have [k big] := arch (9%:R / 10%:R / gained m b eta low).
pose K := (T + k).+1; exists (K * m)%N; first by rewrite muln_gt0 m_gt0.
move=> w [N1 C1 sg1]; pose l := leader w.
have Cw : 0 < C w := lt_le_trans low0 C1.
have lw : lead l w := leader_lead i0 Cw.
have [f fP] := batch_choice l.
have has_l j : l \in val (f j) by have [] := fP j.
have omits j : l != j -> j \notin val (f j) by have [_] := fP j.
exists [seq f j | j <- round K]; first by rewrite size_map size_round.
have [N2 l2 r2 c2] := run_good a_orth eta0 al1 b0 bm has_l omits (ltW low0) low1 (round K)
  N1 lw C1 (leaderP kind a i0 w).
set v := run sgd w _ in N2 l2 r2 c2 *.
have Cv : 9%:R / 10%:R <= C v.
  case: c2 => // c2; apply: le_trans c2; rewrite size_round.
  have kK : k%:R <= (K * m)%:R :> R.
    rewrite ler_nat; apply: (@leq_trans K); first exact: leqW (leq_addl _ _).
    by rewrite -[X in (X <= _)%N]muln1 leq_mul2l m_gt0 orbT.
  have e : 9%:R / 10%:R = 9%:R / 10%:R / gained m b eta low * gained m b eta low :> R.
    by rewrite divfK // gt_eqF.
  move: (9%:R / 10%:R / gained m b eta low) e big => x e xk.
  apply: (@le_trans _ _ (x * gained m b eta low)); first by rewrite -e lexx.
  move: (gained m b eta low) ((K * m)%:R) kK g0 {e} => g y ky g0; have g0' := ltW g0.
  by have C0 := ltW Cw; cert (C w + (y - k%:R) * g + (k%:R - x) * g).
have Sv : spread l v <= 1 / 10%:R.
  apply: le_trans small; apply: (@le_trans _ _ (\sum_(j < m) theta b eta ^+ T)); last first.
    by rewrite sumr_const card_ord mulr_natr lexx.
  rewrite [X in _ <= X](bigID (fun j => j != l)) /= -[X in X <= _]addr0; apply: add_le; last first.
    by apply: sumr_ge0 => j _; rewrite exprn_ge0.
  apply: ler_sum => j jl; have lj : l != j by rewrite eq_sym.
  apply: le_trans (r2 j lj) _; rewrite count_round.
  rewrite -[X in _ <= X]mulr1; apply: mul_le; rewrite ?exprn_ge0 ?root_ge0 //.
    by rewrite /K -addnS exprD -[X in _ <= X]mulr1; apply: mul_le; rewrite ?exprn_ge0 ?lexx // exprn_ile1 // ltW.
  by apply: root_le1 => //; exact: leaderP.
exact: le_trans (functional_le _ _ Cv l2) (weighed_quarter a_orth k0 k1 N2 Cv Sv).
Qed.

Theorem far_vanishes w : reached w -> vanishes_almost_surely sgd far w.
Proof.
have [M M0 reach] := far_reached; have [q0 q1] := q_bounds eta0 al1 b0 bm.
have half : 0 < 1 / 2%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
move=> rw.
apply: (captured (some_batches bm) reached_next (fun v _ => far_ge0 v) half q0 q1 _ M0 reach arch rw).
by move=> v [N1 _ _]; exact: far_contracts.
Qed.

(** A step keeps at least half of every active projection. *)
Lemma sgd_halves (o : batch) v i : reached v -> active i ->
  exists2 f, 1 / 2%:R <= f & c (sgd o v) i = f * c v i.
Proof.
move=> rv ai; have [N1 _ _] := rv.
have li : lead i v by rewrite (reached_lead i rv).
have li' : lead i (sgd o v) by rewrite (reached_lead i (reached_next o rv)).
exists (factor kind a eta v o i);
  last by rewrite -(phi_active li') -[in RHS](phi_active li) sgd_phi.
apply: (@le_trans _ _ (shrink kind a eta (val o) v)); last first.
  rewrite /factor; case: ifP => _; last exact: lexx.
  rewrite -subr_ge0 [shrink _ _ _ _ _ + _]addrC addrK /gain (card_batch o) mulr_ge0 ?al_ge0 //.
  by cert ((21%:R / 20%:R - N v) + 19%:R / 20%:R).
have SN := batch_energy_le kind a_orth (val o) v.
have S0 := batch_energy_ge0 kind a (val o) v; have h := al_ge0.
rewrite /shrink (card_batch o); move: (batch_energy _ _ _ _) (eta / b%:R) SN S0 h al1.
move=> S A SN S0 h a1.
by cert (A * (N v - S) + A * (21%:R / 20%:R - N v) + (5%:R^-1 - A) * (21%:R / 20%:R)
  + 29%:R / 100%:R).
Qed.

Theorem stays_almost_surely e p : 0 < e -> 0 < p -> exists T0, forall T,
  chance R (T0 + T) (fun s : seq batch => ~~ stays kind a w0 e (drop T0 (states sgd w0 s))) <= p.
Proof.
exact: (stays_if_vanishes a_orth k0 k1 w0_in w0_active reached_next sgd_halves
  (far_vanishes (reached0 w0_in w0_active))).
Qed.
End Converge.
