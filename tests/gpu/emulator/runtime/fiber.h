// Fibers: a stack of its own for each thread of a block, and a switch that saves what the ABI says a call keeps.
#pragma once

bool start_fibers(); // false where the stacks cannot be mapped
void prepare_fiber(int thread, void (*body)());
void enter_fiber(int thread); // returns when the fiber leaves
void leave_fiber(int thread);
int fiber_of_stack(const void *address); // the thread on whose stack, or its guard page, the address lies; or -1
bool on_stack_of(int thread, const void *address);
