(** The scalars of gradient descent: the energy C, the rest r, a = eta/m.
    C' = k^2 C,   r' = (1 - a C)^2 r,   k = 1 + a u,   u = 2 - 2 C - r.
    For a < 1/2 the energy may jump over its target 1 - r/2, but it never loses what it had:
    - from below the target (u >= 0), two steps together do not shrink: k k' >= 1;
    - from above (u < 0), if it is still above after one step, concavity of s -> s (1 + 2 a (t^2 -
    s^2)) keeps the next value above the target. So C has a positive lower bound, r dies out
    geometrically, and |1 - C^2| is contracted up to a multiple of r, because C^2 + C'^2 < 2 for C
    < 1 and > 2 for C > 1 on the line r = 0. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape GDOrder GDPoly Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalars.
Variables (R : rcfType) (a : R).
Hypotheses (a0 : 0 < a) (a1 : 0 <= 1 - 2%:R * a).
Implicit Types (C r k u e p x z : R).

Let a0' : 0 <= a := ltW a0.

(** Two steps from below do not shrink. *)
Lemma two_steps C r u u' : 0 <= C -> 0 <= r -> 0 <= u -> u = 2%:R - 2%:R * C - r ->
  u' = 2%:R - 2%:R * ((1 + a * u) ^+ 2 * C) - (1 - a * C) ^+ 2 * r -> 1 <= (1 + a * u) * (1
    + a * u').
Proof.
move=> C0 r0 u0 uE u'E; pose k := 1 + a * u; pose d := u / 2%:R.
have k0 : 0 <= k by rewrite /k; positive.
have d0 : 0 <= d by rewrite /d; positive.
have aC : 0 <= 2%:R - a * C.
  have -> : 2%:R - a * C = 3%:R / 2%:R + a * (u + r) / 2%:R + (1 - 2%:R * a) / 2%:R.
    by rewrite uE; field.
  by positive.
have a3 : 0 <= 3%:R - 2%:R * a.
  by have -> : 3%:R - 2%:R * a = 2%:R + (1 - 2%:R * a) by [ring]; positive.
pose f := 2%:R * (1 - 2%:R * a) + 6%:R * a * (1 - 2%:R * a) * d
  + 4%:R * a ^+ 2 * (3%:R - 2%:R * a) * d ^+ 2 + 8%:R * a ^+ 3 * d ^+ 3
  + k * (4%:R * a + 2%:R * a ^+ 2 * u) * (r / 2%:R).
have f0 : 0 <= f by rewrite /f; positive.
rewrite -subr_ge0; set D := (X in 0 <= X).
have -> : D = a * (u * f + k * (a * C * r * (2%:R - a * C))).
  by rewrite /D /f /k /d u'E uE; field.
by positive.
Qed.

(** From above to above: the next value is above the target. *)
Lemma from_above C r r' C' k k' : 0 <= C -> 0 <= r' -> r' <= r -> r < 2%:R -> 0 < k -> 0 < k' ->
  k = 1 + a * (2%:R - 2%:R * C - r) -> C' = k ^+ 2 * C -> k' = 1 + a * (2%:R - 2%:R * C' - r') ->
  k < 1 -> k' < 1 -> 1 - r / 2%:R <= k' ^+ 2 * C'.
Proof.
move=> C0 r'0 r'r r2 k0 k'0 kE C'E k'E k1 k'1.
have t0 : 0 < 1 - r / 2%:R by rewrite subr_gt0 lt_quot ?ltr0n // mul1r.
pose s := Num.sqrt C; pose t := Num.sqrt (1 - r / 2%:R).
have sE : C = s ^+ 2 by rewrite sqr_sqrtr.
have tE : 1 - r / 2%:R = t ^+ 2 by rewrite sqr_sqrtr ?ltW.
have s0 : 0 <= s by exact: sqrtr_ge0.
have tp : 0 < t by rewrite sqrtr_gt0.
have rE : r = 2%:R - 2%:R * t ^+ 2 by rewrite -tE; field.
have lt_of (b c : R) : 0 <= b -> 0 <= c -> b ^+ 2 < c ^+ 2 -> b < c.
  by move=> b0 c0; rewrite lt_squares.
have st : t < s.
  apply: lt_of (ltW tp) s0 _; rewrite -tE -sE -subr_gt0.
  have : 0 < (2%:R * a) * (C - (1 - r / 2%:R)).
    have -> : (2%:R * a) * (C - (1 - r / 2%:R)) = 1 - k by rewrite kE; field.
    by rewrite subr_gt0.
  by rewrite pmulr_rgt0 ?mulr_gt0 ?ltr0n.
have C'1 : 1 - r' / 2%:R < C'.
  rewrite -subr_gt0; have : 0 < (2%:R * a) * (C' - (1 - r' / 2%:R)).
    have -> : (2%:R * a) * (C' - (1 - r' / 2%:R)) = 1 - k' by rewrite k'E; field.
    by rewrite subr_gt0.
  by rewrite pmulr_rgt0 ?mulr_gt0 ?ltr0n.
have sk0 : 0 <= s * k := mulr_ge0 s0 (ltW k0).
have C'E2 : C' = (s * k) ^+ 2 by rewrite C'E sE; ring.
have skt : t < s * k.
  apply: lt_of (ltW tp) sk0 _; rewrite -C'E2 -tE; apply: le_lt_trans C'1.
  by cert ((r - r') / 2%:R).
pose g := 1 - 2%:R * a * (s * (s + t)).
have g0 : 0 < g.
  have : 0 < (s - t) * g.
    have -> : (s - t) * g = s * k - t by rewrite /g kE sE rE; ring.
    by rewrite subr_gt0.
  by rewrite pmulr_rgt0 ?subr_gt0.
have sks : s * k <= s.
  have h : 0 <= 1 - k by rewrite subr_ge0 ltW.
  by cert (s * (1 - k)).
have t0' := ltW tp; have k0' := ltW k0; have g0' := ltW g0.
have h1 : 0 <= s - s * k by rewrite subr_ge0.
have h2 : 0 <= s * k - t by rewrite subr_ge0 ltW.
have low : t <= s * k * k'.
  have -> : k' = 1 + 2%:R * a * (t ^+ 2 - (s * k) ^+ 2) + a * (r - r').
    by rewrite k'E C'E2 rE; ring.
  move: (s * k) sk0 h1 h2 => y y0 h1 h2.
  rewrite -subr_ge0; set D := (X in 0 <= X).
  have -> : D = (y - t) * (g + 2%:R * a * ((s - y) * (s + y + t))) + y * (a * (r - r')).
    by rewrite /D /g; ring.
  by positive.
have -> : k' ^+ 2 * C' = (s * k * k') ^+ 2 by rewrite C'E2; ring.
by rewrite tE; apply: sqr_le_of_abs.
Qed.

(** What every step keeps: the neuron is not overshot (k > 0), and e bounds from below the energy,
    the next energy and the target. *)
Definition safe e C r :=
  let k := 1 + a * (2%:R - 2%:R * C - r) in
  [/\ 0 <= r, 0 < k, e <= C, e <= k ^+ 2 * C & e <= 1 - r / 2%:R].

Lemma safe_shrink e C r : 0 < e -> safe e C r -> 0 <= 1 - a * C /\ 1 - a * C <= 1.
Proof.
move=> e0 [r0 k0 eC _ _]; have C0 := le_trans (ltW e0) eC; have k0' := ltW k0.
split; last by cert (a * C).
have -> : 1 - a * C = ((1 + a * (2%:R - 2%:R * C - r)) + a * r + (1 - 2%:R * a)) / 2%:R by field.
by positive.
Qed.

Lemma rest_falls e C r : 0 < e -> safe e C r -> (1 - a * C) ^+ 2 * r <= (1 - a * e) * r.
Proof.
move=> e0 s; have [s0 s1] := safe_shrink e0 s; have [r0 _ eC _ _] := s.
have C0 := le_trans (ltW e0) eC.
by cert (r * ((1 - a * C) * (a * C) + a * (C - e))).
Qed.

Lemma safe_step e C r : 0 < e -> safe e C r ->
  safe e ((1 + a * (2%:R - 2%:R * C - r)) ^+ 2 * C) ((1 - a * C) ^+ 2 * r).
Proof.
move=> e0 s; have [s0 s1] := safe_shrink e0 s; have rr := rest_falls e0 s.
move: s => [r0 k0 eC eC' er]; have C0 := le_trans (ltW e0) eC.
have r'0 : 0 <= (1 - a * C) ^+ 2 * r by positive.
have r'r : (1 - a * C) ^+ 2 * r <= r.
  by apply: le_trans rr _; have h := ltW e0; cert (a * e * r).
have r2 : r < 2%:R.
  have := lt_le_trans e0 er; rewrite subr_gt0 lt_quot ?ltr0n // mul1r; exact.
have er' : e <= 1 - (1 - a * C) ^+ 2 * r / 2%:R.
  by apply: le_trans er _; move: (_ * r) r'r => r' r'r; cert ((r - r') / 2%:R).
pose u := 2%:R - 2%:R * C - r; pose k := 1 + a * u; pose C' := k ^+ 2 * C.
pose r' := (1 - a * C) ^+ 2 * r; pose u' := 2%:R - 2%:R * C' - r'; pose k' := 1 + a * u'.
rewrite -/u -/k -/C' -/r' in k0 eC' rr r'0 r'r er' *.
have k0' := ltW k0; have C'0 := le_trans (ltW e0) eC'.
rewrite /safe -/u' -/k'.
case: (lerP 0 u) => u0.
  have kk : 1 <= k * k' by apply: (@two_steps C r u u').
  have k'0 : 0 < k' by move: (lt_le_trans ltr01 kk); rewrite pmulr_rgt0.
  split=> //; apply: le_trans eC _.
  have -> : k' ^+ 2 * C' = (k * k') ^+ 2 * C by rewrite /C'; ring.
  by cert (C * ((k * k' - 1) * (k * k' + 1)));
    rewrite ?addr_ge0 ?mulr_ge0 ?ler01 ?(ltW k'0) ?subr_ge0.
have k1 : k < 1 by rewrite /k gt_grow pmulr_rlt0.
have C'C : C' <= C.
  have h : 0 <= 1 - k by rewrite subr_ge0 ltW.
  by rewrite /C'; cert (C * ((1 - k) * (1 + k))); rewrite ?addr_ge0 ?ler01.
have k'k : k <= k'.
  by rewrite /k' /k /u' /u; cert (a * (2%:R * (C - C') + (r - r'))).
have k'0 := lt_le_trans k0 k'k.
split=> //; case: (lerP 0 u') => u'0.
  apply: le_trans eC' _; rewrite -[X in X <= _]mul1r; apply: mul_le; rewrite ?ler01 ?lexx //.
  have h : 0 <= a * u' by positive.
  by rewrite /k'; move: (a * u') h => v h; cert (2%:R * v + v ^+ 2).
apply: le_trans er _; apply: (@from_above C r r' C' k k') => //.
by rewrite /k' gt_grow pmulr_rlt0.
Qed.

(** The energy approaches 1 up to a multiple of the rest. *)
Lemma factor_low z k : 0 <= z -> 0 < k -> k <= 1 + 2%:R * a * (1 - z) ->
  2%:R * a * z ^+ 2 * ((k + 1) * (k ^+ 2 + 1)) <= (2%:R - (1 - 2%:R * a) / 3%:R) * (1 + z).
Proof.
move=> z0 k0 kz; pose p := 2%:R * a; pose q := 1 - 2%:R * a; pose K := 1 + p * (1 - z).
have p0 : 0 <= p by rewrite /p; positive.
have k0' := ltW k0; have K0 : 0 <= K := le_trans k0' kz.
have qE : q = 1 - p by [].
have q0 : 0 <= q := a1.
have kK : 0 <= K - k by rewrite subr_ge0.
have mono : p * z ^+ 2 * ((k + 1) * (k ^+ 2 + 1)) <= p * z ^+ 2 * ((K + 1) * (K ^+ 2 + 1)).
  by cert (p * z ^+ 2 * ((K - k) * (K ^+ 2 + K * k + k ^+ 2 + K + k + 1))).
rewrite -/p -/q.
case: (lerP z 1) => z1.
  apply: le_trans mono _; pose x := 1 - z; have x0 : 0 <= x by rewrite subr_ge0.
  have y0 : 0 <= 1 - x by rewrite /x; have -> : 1 - (1 - z) = z by ring.
  apply: (@le_trans _ _ (2%:R * (1 + z) - q)); last first.
    have z2 : z <= 2%:R by apply: le_trans z1 _; rewrite ler1n.
    by cert (q * (2%:R - z) / 3%:R).
  have h := poly_low p0 q0 x0 y0 qE (erefl _); rewrite -subr_ge0; set D := (X in 0 <= X).
  by set E := (X in 0 <= X) in h; have -> : D = E by rewrite /D /E /K /x; ring.
have z1' : 0 <= z - 1 by rewrite subr_ge0 ltW.
case: (lerP z 2%:R) => z2.
  apply: le_trans mono _; pose x := z - 1; have x0 : 0 <= x by [].
  have y0 : 0 <= 1 - x by rewrite /x; have -> : 1 - (z - 1) = 2%:R - z by [ring]; rewrite subr_ge0.
  apply: (@le_trans _ _ (2%:R * (1 + z) - q)); last by cert (q * (2%:R - z) / 3%:R).
  have h := poly_high p0 q0 x0 y0 qE (erefl _); rewrite -subr_ge0; set D := (X in 0 <= X).
  by set E := (X in 0 <= X) in h; have -> : D = E by rewrite /D /E /K /x; ring.
have z2' : 0 <= z - 2%:R by rewrite subr_ge0 ltW.
have zp : 0 < z - 1 by rewrite subr_gt0.
have q1 : 0 <= 1 - q by rewrite qE; have -> : 1 - (1 - p) = p by ring.
rewrite -(le_times _ _ zp); apply: (@le_trans _ _ (z ^+ 2 * (1 - k ^+ 4))).
  have h : 0 <= K - k by []; rewrite /K in h.
  by cert (z ^+ 2 * ((1 + p * (1 - z) - k) * ((k + 1) * (k ^+ 2 + 1)))).
by cert (z ^+ 2 * k ^+ 4 + (z - 1) * (1 + z) * (1 - q) / 3%:R
  + (2%:R * (z - 2%:R) * (z + 2%:R) + 3%:R) / 3%:R).
Qed.
End Scalars.
