(** The theorems of [Statements]. First: exchangeable uneven step sizes prefer every point now
    and then: take an outcome whose largest step size exceeds another one by delta > 0, and
    exchange the point that has the largest with l, the other with j. So [SharesConverge] applies.
    The kinds of sampling are then cases: exchanging two points in all lists (batches, functions)
    exchanges their step sizes. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap Prob Exchange FarOut Converge Noise Shares.
From Whichmin Require Import SharesFarOut SharesDrift SharesTotal SharesConverge ReplacementSharp.
From Whichmin Require Import ReplacementNoise Definitions.
From Whichmin Require HessianSpectrum Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Prefer.
Variables (R : rcfType) (m : nat) (Om : finType) (lambda : Om -> 'I_m -> R).
Hypotheses (exch : exchangeable lambda) (un : uneven lambda).

Lemma uneven_prefers : exists2 delta : R, 0 < delta & forall l j, exists o, prefers lambda delta l
  j o.
Proof.
case: un => [[o [i [j ij]]]|[m1 [o [i li]]]]; last first.
  exists (lambda o i); first by rewrite lt_def li (step_size_ge0 exch).
  have all1 : forall x y : 'I_m, x = y by rewrite m1 => x y; rewrite (ord1 x) (ord1 y).
  move=> l k; exists o; rewrite (all1 l i) (all1 k i); split=> [|x|]; first exact: lexx.
    by rewrite (all1 x i) lexx.
  by rewrite eqxx.
(* x has the largest step size in o, y a smaller one *)
pose x := [arg max_(x > i) lambda o x]%O.
have top k : lambda o k <= lambda o x.
  by rewrite /x; case: Order.TotalTheory.arg_maxP => // z _; apply.
have [y yx] : exists y, lambda o y < lambda o x.
  have [ix|ix] := eqVneq (lambda o i) (lambda o x).
    by exists j; rewrite lt_def top andbT -ix.
  by exists i; rewrite lt_def top andbT eq_sym.
have xy : x != y by apply: contraTneq yx => <-; rewrite ltxx.
exists (lambda o x - lambda o y) => [|l k]; first by rewrite subr_gt0.
have some : lambda o x - lambda o y <= lambda o x.
  by have h := step_size_ge0 exch o y; cert (lambda o y).
have [sw1 _ sw1E] := step_size_swap exch x l.
have s1 : lambda (sw1 o) l = lambda o x by rewrite sw1E tpermR.
have t1 z : lambda (sw1 o) z <= lambda o x by rewrite sw1E.
have [lk|lk] := eqVneq l k.
  by exists (sw1 o); split=> [|z|]; rewrite ?s1 ?lk ?eqxx.
pose y1 := tperm x l y.
have y1l : y1 != l by rewrite /y1 -[X in _ != X](tpermL x l) (inj_eq perm_inj) eq_sym.
have [sw2 _ sw2E] := step_size_swap exch y1 k.
exists (sw2 (sw1 o)).
have s2 : lambda (sw2 (sw1 o)) l = lambda o x by rewrite sw2E tpermD // eq_sym.
have s3 : lambda (sw2 (sw1 o)) k = lambda o y by rewrite sw2E tpermR sw1E /y1 tpermK.
by split=> [|z|_]; rewrite s2 ?s3 ?lexx // sw2E.
Qed.

(** So step sizes up to 1/5 are 1/5 times shares that prefer every point now and then. *)
Definition scaled o k : R := 5%:R * lambda o k.

Lemma scaled_shares : shares scaled /\ exists delta : R,
  [/\ 0 < delta, delta <= 1 & forall l j, exists o, prefers scaled delta l j o].
Proof.
have five : 0 < 5%:R :> R by rewrite ltr0n.
have five1 : 5%:R / 5%:R = 1 :> R by rewrite divff // gt_eqF.
have pE : shares scaled.
  split=> [o k|o k|k j].
  - by rewrite mulr_ge0 ?(step_size_ge0 exch) // ltW.
  - rewrite -five1 /scaled -subr_ge0 -mulrBr; apply: mulr_ge0; first exact: ltW.
    by rewrite subr_ge0; exact: (step_size_le exch).
  have [sw swK swE] := step_size_swap exch k j; exists sw => // o x; by rewrite /scaled swE.
split=> //; have [delta d0 prefer] := uneven_prefers.
have prefer' l j : exists o, prefers scaled (5%:R * delta) l j o.
  have [o [h1 h2 h3]] := prefer l j; exists o; rewrite /scaled.
  split=> [|k|/h3 h]; last rewrite -mulrBr.
  - by rewrite -subr_ge0 -mulrBr mulr_ge0 ?subr_ge0 // ltW.
  - by rewrite -subr_ge0 -mulrBr mulr_ge0 ?subr_ge0 // ltW.
  by rewrite -subr_ge0 -mulrBr mulr_ge0 ?subr_ge0 // ltW.
exists (5%:R * delta); split=> //; first by rewrite mulr_gt0.
have [i _] : exists i : 'I_m, true by case: un => [[o [i _]]|[_ [o [i _]]]]; exists i.
by have [o [h _ _]] := prefer' i i; apply: le_trans h _; exact: (share_le1 pE).
Qed.

Lemma scaled_step n kind (a : 'I_m -> 'rV[R]_n) o v :
  random_step kind a lambda o v = shared_step kind a 5%:R^-1 scaled o v.
Proof.
rewrite /random_step /own_steps /shared_step /weighted_step scaler_sumr; congr (_ - _).
by apply: eq_bigr => k _; rewrite scalerA mulrA mulVf ?mul1r // pnatr_eq0.
Qed.
End Prefer.

Lemma states_ext (Om : finType) (W : Type) (f g : Om -> W -> W) (w : W) (s : seq Om) :
  (forall o v, f o v = g o v) -> states f w s = states g w s.
Proof.
move=> fg; rewrite /states; congr (_ :: _).
by elim: s w => //= o s IH w; rewrite fg IH.
Qed.

Lemma ends_ext (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
  (Om : finType) (f g : Om -> 'rV[R]_n -> 'rV[R]_n) w0 : (forall o v, f o v = g o v) ->
  ends_at_one_point kind a g w0 -> ends_at_one_point kind a f w0.
Proof.
move=> fg ends e q e0 q0; have [T0 h] := ends e q e0 q0; exists T0 => T.
apply: le_trans (h T); apply: ler_chance => os; apply: contra.
by rewrite /settled_at_one (states_ext _ _ fg).
Qed.

(** The general theorem: the shares are p = 5 lambda of the step size eta = 1/5. *)
Theorem sgd_random_step_sizes : Statements.sgd_random_step_sizes.
Proof.
move=> R m n kind a w0 Om lambda arch orth exch un start [i ei].
have [pE [delta [d0 d1 prefer]]] := scaled_shares exch un.
have eta0 : 0 < 5%:R^-1 :> R by rewrite invr_gt0 ltr0n.
apply: (ends_ext (scaled_step lambda kind a)).
move=> e q e0 q0; have e2 : 0 < e ^+ 2 by rewrite exprn_gt0.
have act : exists i, phi kind (corr a w0 i) != 0 by exists i; rewrite -eligibleE.
have [T0 h] := wstays_almost_surely orth eta0 (lexx _) pE d0 d1 prefer i start act arch e2 q0.
exists T0 => T; apply: le_trans (h T); apply: ler_chance => os; apply: contra.
case/existsP => j /andP[aj nj]; apply/existsP; exists j; rewrite eligibleE.
by apply/andP; split; [exact: aj | exact: nj].
Qed.

Lemma two_points m : (1 < m)%N -> exists i j : 'I_m, i != j.
Proof. by move=> m1; exists (Ordinal (ltnW m1)), (Ordinal m1). Qed.

(** ** With replacement *)
Section Lists.
Variables (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).
Definition list_steps (s : draw m b) i : R := eta / b%:R * (multiplicity s i)%:R.

Lemma sum_by_count (V : zmodType) (F : 'I_m -> V) (s : seq 'I_m) :
  \sum_(k <- s) F k = \sum_i F i *+ count_mem i s.
Proof.
elim: s => [|k s IH]; first by rewrite big_nil big1.
rewrite big_cons IH /= [RHS](eq_bigr (fun i => F i *+ (k == i) + F i *+ count_mem i s)).
  rewrite big_split /=; congr (_ + _); rewrite (bigD1 k) //= eqxx mulr1n big1 ?addr0 // => i ik.
  by rewrite eq_sym (negbTE ik).
by move=> i _; rewrite mulrnDr.
Qed.

Lemma count_swap i j k (s : seq 'I_m) :
  count_mem k (map (tperm i j) s) = count_mem (tperm i j k) s.
Proof.
rewrite count_map; apply: eq_count => l /=; by rewrite (can2_eq (tpermK i j) (tpermK i j)).
Qed.

Lemma replacement_own s w : replacement_step kind a eta s w = random_step kind a list_steps s w.
Proof.
rewrite /replacement_step /random_step /own_steps sum_by_count scaler_sumr; congr (_ - _).
by apply: eq_bigr => i _; rewrite -scaler_nat scalerA.
Qed.

Hypotheses (b0 : (0 < b)%N) (eta0 : 0 <= eta).

Lemma list_steps_bounds s i : 0 <= list_steps s i /\ list_steps s i <= eta.
Proof.
have bR : 0 < b%:R :> R by rewrite ltr0n.
have bi : 0 <= b%:R^-1 :> R by rewrite invr_ge0 ltW.
split; first by rewrite !mulr_ge0 ?ler0n.
have : (multiplicity s i)%:R <= b%:R :> R.
  by rewrite ler_nat -[X in (_ <= X)%N](size_tuple s) count_size.
rewrite /list_steps; move: (_%:R) => x xb; rewrite -subr_ge0.
have -> : eta - eta / b%:R * x = eta * ((b%:R - x) / b%:R) by field; rewrite gt_eqF.
by rewrite !mulr_ge0 // subr_ge0.
Qed.

Lemma list_exchangeable : eta <= 5%:R^-1 -> exchangeable list_steps.
Proof.
move=> eta1; split=> [s i|s i|i j].
- by have [] := list_steps_bounds s i.
- by have [_ h] := list_steps_bounds s i; exact: le_trans h eta1.
exists (fun s : draw m b => [tuple of map (tperm i j) s]) => [s|s k].
  by apply: val_inj; rewrite /= -map_comp -[RHS]map_id; apply: eq_map => x /=; rewrite tpermK.
by rewrite /list_steps /multiplicity count_swap.
Qed.

Lemma list_uneven (i0 : 'I_m) : 0 < eta -> uneven list_steps.
Proof.
move=> e0; have pos : 0 < eta / b%:R by rewrite divr_gt0 ?ltr0n.
pose only i : draw m b := [tuple of nseq b i].
have onlyE i j : list_steps (only i) j = if i == j then eta / b%:R * b%:R else 0.
  rewrite /list_steps /multiplicity /= count_nseq /=.
  by case: eqP => _; rewrite ?mul1n // mul0n mulr0.
have all i : list_steps (only i) i != 0 by rewrite onlyE eqxx gt_eqF // mulr_gt0 // ltr0n.
case: (ltnP 1 m) => [m1|m1].
  have [i [j ij]] := two_points m1; left; exists (only i), i, j.
  by rewrite [X in _ != X]onlyE (negbTE ij); exact: all.
right; split; last by exists (only i0), i0; exact: all.
by apply/eqP; rewrite eqn_leq m1 (leq_trans _ (ltn_ord i0)).
Qed.
End Lists.

Theorem sgd_with_replacement : Statements.sgd_with_replacement.
Proof.
move=> R m n b kind a eta w0 arch orth b0 eta0 eta1 start el; have [i _] := el.
apply: (ends_ext (@replacement_own R m n b kind a eta)).
apply: sgd_random_step_sizes => //; first exact: list_exchangeable (ltW eta0) eta1.
exact: list_uneven.
Qed.

(** ** Poisson sampling *)
Section Poisson.
Variables (R : realFieldType) (m n d k : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variable alpha : R.
Definition poisson_steps (f : poisson_draw m d) i : R := if (f i < k)%N then alpha else 0.

Lemma poisson_own f w : poisson_step kind a alpha k f w = random_step kind a poisson_steps f w.
Proof.
rewrite /poisson_step /random_step /own_steps scaler_sumr [X in _ - X = _]big_mkcond; congr (_ - _).
by apply: eq_bigr => i _; rewrite /poisson_steps; case: ifP => // _; rewrite scale0r.
Qed.

Lemma poisson_exchangeable : 0 <= alpha -> alpha <= 5%:R^-1 -> exchangeable poisson_steps.
Proof.
move=> a0 a1; split=> [f i|f i|i j].
- by rewrite /poisson_steps; case: ifP => // _; exact: lexx.
- by rewrite /poisson_steps; case: ifP => // _; rewrite invr_ge0 ler0n.
exists (fun f : poisson_draw m d => [ffun x => f (tperm i j x)]) => [f|f x].
  by apply/ffunP => x; rewrite !ffunE tpermK.
by rewrite /poisson_steps ffunE.
Qed.

Lemma poisson_uneven (i0 : 'I_m) : (0 < k)%N -> (k < d)%N -> 0 < alpha -> uneven poisson_steps.
Proof.
move=> k0 kd a0; have d0 : (0 < d)%N := leq_ltn_trans (leq0n k) kd.
case: (ltnP 1 m) => [m1|m1].
  have [i [j ij]] := two_points m1; left.
  exists [ffun x => if x == i then Ordinal d0 else Ordinal kd], i, j.
  by rewrite /poisson_steps !ffunE eqxx [j == i]eq_sym (negbTE ij) /= k0 ltnn gt_eqF.
right; split; first by apply/eqP; rewrite eqn_leq m1 (leq_trans _ (ltn_ord i0)).
by exists [ffun x => Ordinal d0], i0; rewrite /poisson_steps ffunE /= k0 gt_eqF.
Qed.
End Poisson.

Theorem sgd_poisson : Statements.sgd_poisson.
Proof.
move=> R m n d k kind a alpha w0 arch orth k0 kd a0 a1 start el; have [i _] := el.
apply: (ends_ext (@poisson_own R m n d k kind a alpha)).
apply: sgd_random_step_sizes => //; first exact: poisson_exchangeable (ltW a0) a1.
exact: poisson_uneven.
Qed.

(** ** Without replacement *)
Section Batches.
Variables (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).
Definition batch_steps (B : batch m b) i : R := if i \in val B then eta / b%:R else 0.

Lemma batch_own B w : sgd_step kind a eta B w = random_step kind a batch_steps B w.
Proof.
rewrite /sgd_step /random_step /own_steps (card_batch B) scaler_sumr [X in _ - X = _]big_mkcond.
congr (_ - _); apply: eq_bigr => i _; rewrite /batch_steps; case: ifP => // _; by rewrite scale0r.
Qed.

Lemma batch_exchangeable : 0 <= eta -> eta / b%:R <= 5%:R^-1 -> exchangeable batch_steps.
Proof.
move=> e0 e1; split=> [B i|B i|i j].
- by rewrite /batch_steps; case: ifP => _; rewrite ?lexx // mulr_ge0 // invr_ge0 ler0n.
- by rewrite /batch_steps; case: ifP => // _; rewrite invr_ge0 ler0n.
by exists (swap i j) => [|B k]; [exact: swapK | rewrite /batch_steps /= mem_swap].
Qed.

Lemma batch_uneven : (0 < b)%N -> (b < m)%N -> 0 < eta -> uneven batch_steps.
Proof.
move=> b0 bm e0; have [i [j ij]] := two_points (leq_ltn_trans b0 bm).
have [B /andP[iB jB]] := some_batch b0 ij bm; left; exists B, i, j.
by rewrite /batch_steps iB (negbTE jB) gt_eqF // divr_gt0 ?ltr0n.
Qed.
End Batches.

Theorem sgd_without_replacement : Statements.sgd_without_replacement.
Proof.
move=> R m n b kind a eta w0 arch orth b0 bm eta0 eta1 start el.
apply: (ends_ext (@batch_own R m n b kind a eta)).
apply: sgd_random_step_sizes => //; first exact: batch_exchangeable (ltW eta0) eta1.
exact: batch_uneven.
Qed.

(** ** The step in closed form, and the trap *)
Theorem replacement_step_closed_form : Statements.replacement_step_closed_form.
Proof.
move=> R m n b kind a eta s w j orth S.
rewrite replacement_own /random_step own_stepsE (weighted_corr kind orth) /wshrink !mul1r.
suff -> : first_moment kind a (list_steps eta s) w = eta / b%:R * S by [].
rewrite /first_moment /S (sum_by_count (fun k => phi kind (corr a w k) ^+ 2)) mulr_sumr.
by apply: eq_bigr => i _; rewrite /list_steps -mulrA mulr_natl.
Qed.

Theorem own_steps_trap : Statements.own_steps_trap.
Proof.
move=> R m n kind a lambda w orth l0 l1 N1 w'.
have five : 0 < 5%:R :> R by rewrite ltr0n.
have eta0 : 0 <= 5%:R^-1 :> R by rewrite invr_ge0 ltW.
pose p k := 5%:R * lambda k.
have p0 k : 0 <= p k by rewrite mulr_ge0 // ltW.
have p1 k : p k <= 1 by have := l1 k; rewrite /p; move: (lambda k) => x h;
  cert (5%:R * (5%:R^-1 - x)).
have -> : w' = weighted_step kind a 5%:R^-1 p w.
  rewrite /w' /own_steps /weighted_step scaler_sumr; congr (_ - _).
  by apply: eq_bigr => k _; rewrite scalerA mulrA mulVf ?gt_eqF // mul1r.
split; first by have [] := wtrap_scalar kind orth p0 p1 eta0 (lexx _) N1.
  by move=> j; exact: (weighted_sign kind orth p0 p1 eta0 (lexx _) N1).
by move=> l; exact: (weighted_level orth p0 p1 eta0 (lexx _) N1).
Qed.

Theorem replacement_trap : Statements.replacement_trap.
Proof.
move=> R m n b kind a eta s w orth eta0 eta1 N1 w'; rewrite /w' replacement_own /random_step.
have bounds i : 0 <= list_steps eta s i /\ list_steps eta s i <= eta.
  case: (ltnP 0 b) => [b0|]; first exact: list_steps_bounds.
  rewrite leqn0 /list_steps => /eqP bz; have -> : b%:R = 0 :> R by rewrite bz.
  by rewrite invr0 mulr0 mul0r lexx.
apply: own_steps_trap => // i; first by have [] := bounds i.
by have [_ h] := bounds i; exact: le_trans h eta1.
Qed.

(** ** The noise *)
Theorem replacement_covariance : Statements.replacement_covariance.
Proof.
move=> R m n b g b0; case: (posnP m) => [m0|m0]; last exact: list_covarianceE.
have mz : m%:R = 0 :> R by rewrite m0.
rewrite /list_covariance /covariance mz invr0 scale0r scaler0 card_tuple card_ord.
by rewrite natrX mz expr0n (gtn_eqF b0) invr0 scale0r.
Qed.

Theorem replacement_noise_at_minimum : Statements.replacement_noise_at_minimum.
Proof.
move=> R m n b kind a w orth b0 w_min; have m0 := HessianSpectrum.points_exist w_min.
rewrite list_covarianceE // mxtraceZ noise_trace //.
by rewrite invfM mulrC mulrA.
Qed.

(** ** What is needed *)
Theorem even_step_sizes_fail : Statements.even_step_sizes_fail.
Proof.
move=> R m kind Om lambda m1 Om0 even; have m0 := ltnW m1; exists (axes R (m := m)), (middle R m).
split; [exact: axes_orth | exact: middle_in | exact: middle_eligible | exact: even_fails].
Qed.

Theorem alike_points_fail : Statements.alike_points_fail.
Proof.
move=> R m kind Om lambda i j ij Om0 alike; exists (axes R (m := m)), (tie R i j).
split; [exact: axes_orth | exact: tie_in | exact: tie_eligible | exact: alike_fails].
Qed.

Theorem replacement_needs_eligible : Statements.replacement_needs_eligible.
Proof.
move=> R m n b kind a eta w0 orth none.
have p0 i : phi kind (corr a w0 i) = 0 by have := none i; rewrite eligibleE negbK => /eqP.
split=> [s|i].
  rewrite /replacement_step big1_seq ?scaler0 ?subr0 // => i _.
  by rewrite /sample_gradient p0 mulr0 expr0n !scale0r addr0.
have ci (e : R) : corr a (e *: a i) i = e by rewrite /corr dotZl orth eqxx mulr1.
split=> [|kE]; apply: contraTneq (none i) => ->; rewrite negbK eligibleE.
  by rewrite -[a i]scale1r ci /phi ler01; case: kind {p0 none}; rewrite oner_eq0.
by rewrite -scaleN1r ci /phi kE oppr_eq0 oner_eq0.
Qed.

Theorem replacement_needs_ball : Statements.replacement_needs_ball.
Proof.
move=> R b kind eta b0 eta0; exists (unit_point R), (far_start eta).
split; [exact: unit_orth | exact: far_sqnorm | by exists ord0; exact: far_eligible | exact:
  far_fails].
Qed.

Theorem replacement_hypotheses_met : Statements.replacement_hypotheses_met.
Proof.
move=> R m kind m0; exists (axes R (m := m)), (middle R m), 5%:R^-1.
split; [exact: axes_orth | | exact: middle_in | exact: middle_eligible].
by rewrite invr_gt0 ltr0n lexx.
Qed.
