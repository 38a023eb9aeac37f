// The rules that compare debug information and the facts of functions.
#pragma once

#include "create/review/findings.hpp"
#include "create/review/reviewed_unit.hpp"

namespace stent::review {

void report_missing_debug(const ReviewedUnit& unit, Findings& findings);
void report_types(const ReviewedUnit& unit, Findings& findings);
/// Virtual functions that the tables of existing objects may not have.
void report_virtual_calls(const ReviewedUnit& unit, Findings& findings);
/// Types of which a build tells no layout.
void report_incomplete_types(const ReviewedUnit& unit, Findings& findings);
/// Static storage: removed, retyped, constness, new state that several functions share.
void report_statics(const ReviewedUnit& unit, Findings& findings);
/// Static storage that the old build left out or kept in another form.
void report_kept_values(const ReviewedUnit& unit, Findings& findings);
/// Signatures, results and functions that went, as far as callers outside can notice.
void report_signatures(const ReviewedUnit& unit, Findings& findings);
/// Lambdas that are counted otherwise now, and of which objects can exist.
void report_lambdas(const ReviewedUnit& unit, Findings& findings);
/// Code that has run already, never returns, or is entered by the kernel or the library.
void report_control(const ReviewedUnit& unit, Findings& findings);
void report_locks(const ReviewedUnit& unit, Findings& findings);
/// Clocks by which moments are stored, or waited for.
void report_clocks(const ReviewedUnit& unit, Findings& findings);
void report_ownership(const ReviewedUnit& unit, Findings& findings);
/// New threads, handlers, processes and system calls.
void report_new_effects(const ReviewedUnit& unit, Findings& findings);
/// New system calls where the unit has put a filter of them in place.
void report_filters(const ReviewedUnit& unit, Findings& findings);
/// What a function returns to callers that are not replaced.
void report_results(const ReviewedUnit& unit, Findings& findings);
/// Constants, states, hashes and orders that objects made by the old code depend on.
void report_meaning(const ReviewedUnit& unit, Findings& findings);
/// Units, factors and byte orders in which values are stored.
void report_units(const ReviewedUnit& unit, Findings& findings);
/// How numbers that were stored are taken apart or moved when they are read.
void report_taken(const ReviewedUnit& unit, Findings& findings);
/// What one function stores by another rule, and another one takes so.
void report_both_sides(const ReviewedUnit& unit, Findings& findings);
/// Bytes and keys that one function makes, and another one takes apart or looks for.
void report_encodings(const ReviewedUnit& unit, Findings& findings);
/// Floating-point values that are kept in another unit.
void report_floats(const ReviewedUnit& unit, Findings& findings);
/// What inlined functions of the unit decide: orders, places, bytes.
void report_inlined(const ReviewedUnit& unit, Findings& findings);
/// A zero behind texts that what exists does not have.
void report_terminators(const ReviewedUnit& unit, Findings& findings);
/// How many bytes of what others send must wait in a buffer.
void report_records(const ReviewedUnit& unit, Findings& findings);
/// What is stored in memory that outlives the call.
void report_state(const ReviewedUnit& unit, Findings& findings);
/// Where things are looked for: indices, hashes, comparators.
void report_lookup(const ReviewedUnit& unit, Findings& findings);
/// Keys that are made of what is given, where that was the key.
void report_keys(const ReviewedUnit& unit, Findings& findings);
/// What was filled in no order, and is taken for sorted now.
void report_sorting(const ReviewedUnit& unit, Findings& findings);
/// What new code sets in objects and asks for, and old code never did.
void report_new_states(const ReviewedUnit& unit, Findings& findings);
/// What new code takes for granted of objects that new code made.
void report_promises(const ReviewedUnit& unit, Findings& findings);
/// How far loops go through memory that exists.
void report_reach(const ReviewedUnit& unit, Findings& findings);
/// Saved code positions, identity of addresses, catch types.
void report_identity(const ReviewedUnit& unit, Findings& findings);

}  // namespace stent::review
