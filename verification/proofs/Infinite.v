(** Mini-batch SGD along almost every infinite sequence of batches. For p > 0 [sgd_rate] gives a
    step T1 such that words of batches, however long, are settled at the rate from T1 on but for a
    share of p; the alarm is raised at a word that is not. A prefix of a settled word is settled,
    so the alarm stays on. Where it is never raised, every prefix has its point; once the bound is
    1/4 there is only one point that it can be, so that it is the same for all prefixes: the
    limit. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Capture Exchange Converge Geometric Sharper.
From Whichmin Require Import Settling TheoremsQuantitative NullSets Prefix Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Geometric bounds *)
Section Bounds.
Variables (R : rcfType) (q c : R).
Hypothesis archimedes : forall x : R, exists k : nat, x <= k%:R.
Hypotheses (q0 : 0 < q) (q1 : q < 1) (c0 : 0 <= c).

Lemma bound_vanishes T1 e : 0 < e ->
  exists T, (T1 <= T)%N /\ forall t, (T <= t)%N -> q ^+ (t - T1) * c <= e.
Proof.
move=> e0; have [T small] := geometric_small archimedes (ltW q0) q1 c0 e0.
exists (T1 + T)%N; split=> [|t tT]; first exact: leq_addr.
apply: le_trans small; apply: mul_le; rewrite ?lexx ?exprn_ge0 ?(ltW q0) //.
apply: pow_anti; [exact: ltW | exact: ltW |].
by rewrite leq_subRL //; exact: leq_trans (leq_addr _ _) tT.
Qed.

Lemma bound_below_power T1 r : q < r ->
  exists T, (T1 <= T)%N /\ forall t, (T <= t)%N -> q ^+ (t - T1) * c <= r ^+ t.
Proof.
move=> qr; have r0 := lt_trans q0 qr; have v0 : 0 <= q / r by rewrite divr_ge0 // ltW.
have v1 : q / r < 1.
  rewrite -subr_gt0; have -> : 1 - q / r = (r - q) / r by field; rewrite gt_eqF.
  by rewrite divr_gt0 // subr_gt0.
have x0 : 0 <= c / q ^+ T1 by rewrite divr_ge0 // exprn_ge0 // ltW.
have [T small] := geometric_small archimedes v0 v1 x0 ltr01.
exists (T1 + T)%N; split=> [|t tT]; first exact: leq_addr.
have T1t := leq_trans (leq_addr _ _) tT; have rt : 0 < r ^+ t by rewrite exprn_gt0.
have -> : q ^+ (t - T1) * c = (q / r) ^+ t * (c / q ^+ T1) * r ^+ t.
  have qT : q ^+ T1 != 0 by rewrite expf_neq0 // gt_eqF.
  rewrite expr_div_n -{2}(subnKC T1t) exprD; move: (lt0r_neq0 rt) qT.
  by move: (q ^+ T1) (q ^+ (t - T1)) (r ^+ t) => x y z z0 x1; field; rewrite x1.
have vt : 0 <= (q / r) ^+ t by rewrite exprn_ge0.
rewrite -[X in _ <= X]mul1r; apply: mul_le; [exact: mulr_ge0 | exact: ltW | | exact: lexx].
apply: le_trans small; apply: mul_le => //.
by apply: pow_anti => //; [exact: ltW | exact: leq_trans (leq_addl _ _) tT].
Qed.
End Bounds.

(** ** The states of words and of their prefixes *)
Section Words.
Variables (Om : finType) (W : Type) (next : Om -> W -> W) (w0 x : W).

Lemma nth_states_take s u : (u <= size s)%N ->
  nth x (states next w0 s) u = foldl (fun w o => next o w) w0 (take u s).
Proof. by case: u => [|u] us; [rewrite take0 | rewrite /states /= nth_scanl]. Qed.

Lemma nth_iterates draws u t : (u <= t)%N ->
  nth x (states next w0 (mkseq draws t)) u = iterates next w0 draws u.
Proof.
move=> ut; rewrite nth_states_take ?size_mkseq // /mkseq -map_take take_iota (minn_idPl ut).
by elim: u {ut} => // u IH; rewrite -/(mkseq draws u.+1) mkseqS foldl_rcons IH.
Qed.
End Words.

Section Infinite.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variables (eta : R) (w0 : 'rV[R]_n).
Local Notation N := (@sqnorm R n).
Local Notation batch := (batch m b).
Local Notation eligible := (eligible kind a w0).
Local Notation point := (signed_point a w0).
Local Notation weights := (iterates (@sgd_step R m n b kind a eta) w0).
Implicit Types (draws : nat -> batch) (s : seq batch).

Lemma settled_prefix (r : nat -> R) T1 s t : settled_at_rate kind a eta w0 r T1 s ->
  settled_at_rate kind a eta w0 r T1 (take t s).
Proof.
case/existsP => i /andP[ei /forallP near]; apply/existsP; exists i; rewrite ei /=.
apply/forallP => u; apply/implyP => T1u; have us : (u <= size (take t s))%N by rewrite -ltnS.
have us' : (u < (size s).+1)%N by rewrite ltnS (leq_trans us) // size_take; case: ltnP => // /ltnW.
have ut : (u <= t)%N by apply: leq_trans us _; rewrite size_take; case: ltnP.
have := implyP (near (Ordinal us')) T1u; rewrite /= /trajectory !nth_states_take //.
by rewrite take_prefix.
Qed.

Lemma settled_weights (r : nat -> R) T1 draws t :
  settled_at_rate kind a eta w0 r T1 (mkseq draws t) -> exists2 i, eligible i &
  forall u, (T1 <= u)%N -> (u <= t)%N -> N (weights draws u - point i) <= r u.
Proof.
case/existsP => i /andP[ei /forallP near]; exists i => // u T1u ut.
have us : (u < (size (mkseq draws t)).+1)%N by rewrite size_mkseq.
have := implyP (near (Ordinal us)) T1u; by rewrite /= /trajectory nth_iterates.
Qed.

Hypothesis orth : forall i j, dot (a i) (a j) = (i == j)%:R.

Lemma eligible_sg i : eligible i -> Num.sg (corr a w0 i) ^+ 2 = 1.
Proof.
rewrite eligibleE => ai; rewrite sqr_sg; case: eqVneq => // c0.
by move: ai; rewrite c0 /phi; case: kind; rewrite ?lexx eqxx.
Qed.

Lemma point_sqnorm i : eligible i -> N (point i) = 1.
Proof. by move=> ei; rewrite sqnormZ eligible_sg // /sqnorm orth eqxx mulr1. Qed.

(** Different eligible points are at distance sqrt 2. *)
Lemma one_point i j w : eligible i -> eligible j -> N (w - point i) <= 4%:R^-1 ->
  N (w - point j) <= 4%:R^-1 -> i = j.
Proof.
move=> ei ej ni nj; apply/eqP; apply: contraT => ij; exfalso.
have far : N (point i - point j) = 2%:R.
  by rewrite sqnormB !point_sqnorm // dotZl dotZr orth (negbTE ij) !mulr0 subr0.
have par : N (point i - point j) = 2%:R * N (w - point i) + 2%:R * N (w - point j)
    - N ((w - point i) + (w - point j)).
  have -> : point i - point j = (w - point j) - (w - point i).
    by rewrite [RHS]addrC opprB addrA subrK.
  move: (w - point i) (w - point j) => x y.
  by rewrite sqnormB sqnormD (dotC y); ring.
have := sqnorm_ge0 ((w - point i) + (w - point j)); move: par ni nj; rewrite far.
move: (N _) (N _) (N _) => z y x E xi yi z0; have : 2%:R <= 1 :> R.
  by rewrite E; cert (2%:R * (4%:R^-1 - x) + 2%:R * (4%:R^-1 - y) + z).
by rewrite (ler_nat R 2 1).
Qed.

Hypotheses (arch : forall x : R, exists k : nat, x <= k%:R).
Hypotheses (b0 : (0 < b)%N) (bm : (b < m)%N) (eta0 : 0 < eta) (al1 : eta / b%:R <= 5%:R^-1).
Hypotheses (start : N w0 <= 21%:R / 20%:R) (some_eligible : exists i, eligible i).
Local Notation q := (1 - settle_rate m b eta).
Local Notation c := ((2%:R * drift_rate m b eta)^-1).

Lemma q_bounds : 0 < q /\ q < 1.
Proof.
have [r0 r1] := rate_bounds eta0 al1 b0 bm; split; last by rewrite -subr_gt0 opprB addrC subrK.
apply: (@lt_le_trans _ _ (99%:R / 100%:R)); first by rewrite divr_gt0 ?ltr0n.
by move: (settle_rate m b eta) r1 => r r1; cert (1 / 100%:R - r).
Qed.

Lemma c_ge0 : 0 <= c.
Proof. by rewrite invr_ge0 mulr_ge0 ?ler0n // ltW // drift_gt0. Qed.

(** ** Almost every sequence *)
Theorem null_at_rate : almost_surely (fun draws => exists2 i, eligible i &
  exists T1, forall t, (T1 <= t)%N -> N (weights draws t - point i) <= q ^+ (t - T1) * c).
Proof.
apply: lasting_alarm => p p0; have pR : 0 < ratr p :> R by rewrite ltr0q.
have act : exists i, phi kind (corr a w0 i) != 0.
  by have [i ei] := some_eligible; exists i; rewrite -eligibleE.
have [M [A numbers]] := @settling_time_exists R m b eta arch b0 bm eta0 al1.
have [W [h [S [k [capt _]]]]] := numbers _ 1 _ (C0_gt0 act) (oner_neq0 R) pR.
have := @sgd_rate R m n b kind a eta w0 orth b0 bm eta0 al1 start some_eligible _ W M A h capt.
rewrite /=; move: (capture_time W M A h) => T1 rate.
pose good (s : seq batch) := settled_at_rate kind a eta w0 (fun t => q ^+ (t - T1) * c) T1 s.
exists (fun s => ~~ good s); split=> [s t|draws silent|T].
- by apply: contra; exact: settled_prefix.
- have always t : exists2 i, eligible i & forall u, (T1 <= u)%N -> (u <= t)%N ->
      N (weights draws u - point i) <= q ^+ (u - T1) * c.
    by apply: settled_weights; have := silent t; rewrite negbK.
  have [q0 q1] := q_bounds; have quarter : 0 < 4%:R^-1 :> R by rewrite invr_gt0 ltr0n.
  have [T [T1T small]] := bound_vanishes arch q0 q1 c_ge0 T1 quarter.
  have [i ei near] := always T; exists i => //; exists T1 => t T1t.
  have [j ej near'] := always (maxn T t).
  have -> : i = j; last by apply: near' => //; exact: leq_maxr.
  apply: (@one_point i j (weights draws T)) => //; apply: le_trans (small T (leqnn T)).
    by apply: near.
  by apply: near' => //; exact: leq_maxl.
rewrite -(ler_rat R) -chance_ratr; have [T1T|TT1] := leqP T1 T.
  by rewrite -(subnKC T1T); exact: rate.
have -> : chance R T (fun s => ~~ good s) = 0; last exact: ltW.
rewrite /chance eq_card0 ?mul0r // => s; rewrite inE; apply/negbTE; rewrite negbK.
have [i ei] := some_eligible; apply/existsP; exists i; rewrite ei /=; apply/forallP => u.
apply/implyP => T1u; exfalso; have us : (u <= size s)%N by rewrite -ltnS.
by have := leq_trans T1u us; rewrite size_tuple leqNgt TT1.
Qed.
End Infinite.
